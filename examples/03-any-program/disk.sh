#!/usr/bin/env bash
# A service in Bash; jq reads the jobs and writes the answers.
echo '{"methods": ["free", {"name": "folders", "stream": true}]}'
while read -r job; do
  folder=$(jq -r '.args[0] // "."' <<<"$job")
  case $(jq -r .method <<<"$job") in
    free) df -Pk "$folder" 2>&1 | jq -Rnc '[inputs] | if length == 2 then {result: (.[1] | [splits(" +")] | {kilobytes: .[3] | tonumber, on: .[5]})} else {error: {code: "not_found", message: .[0]}} end' ;;
    folders)
      for one in "$folder"/*/; do jq -nc --arg name "$one" '{chunk: $name}'; done
      echo '{"end": true}'
      ;;
  esac
done
