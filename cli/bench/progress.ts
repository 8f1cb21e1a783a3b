/** How often the line is drawn again, in ms. */
const frameMs = 200;

/** Shows how far long work is, as one line on stderr that replaces itself; nothing when stderr is no terminal. Returns the end of it. */
export function startProgress(tell: () => string, stderr: NodeJS.WriteStream = process.stderr): () => void {
  if (!stderr.isTTY) return () => {};
  const draw = (text: string): void => {
    stderr.cursorTo(0);
    stderr.write(text.slice(0, stderr.columns - 1));
    stderr.clearLine(1);
  };
  const timer = setInterval(() => draw(tell()), frameMs);
  return () => {
    clearInterval(timer);
    draw("");
  };
}
