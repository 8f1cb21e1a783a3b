/** Shells that `gate completion` writes for. */
export const shells = ["bash", "zsh", "fish"] as const;

/**
 * A script for each shell: it asks `gate completion candidates -- WORD…`, the last word being the one under the cursor, which answers
 * with lines of a candidate, a tab and what it means; `:files` asks the shell for names of files.
 */
export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `# Completion of gate for bash. In ~/.bashrc: source <(gate completion bash)
_gate() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <("\${COMP_WORDS[0]}" completion candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _gate gate
`,
  zsh: `#compdef gate
# Completion of gate for zsh. In ~/.zshrc, after compinit: source <(gate completion zsh)
_gate() {
  local -a candidates
  local line wants_files
  while IFS= read -r line; do
    if [[ $line == :files ]]; then wants_files=1; else candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); fi
  done < <("$words[1]" completion candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe gate candidates
  [[ -n $wants_files ]] && _files
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then _gate "$@"; else compdef _gate gate; fi
`,
  fish: `# Completion of gate for fish. In ~/.config/fish/config.fish: gate completion fish | source
function __gate_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l before
    if test (count $words) -gt 1
        set before $words[2..-1]
    end
    for line in ($words[1] completion candidates -- $before "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c gate -f -a '(__gate_candidates)'
`,
};
