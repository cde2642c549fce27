/** Progress for people: one line that is written over on a terminal, and elsewhere a line whenever it says something new. */

export interface ProgressLine {
  show(text: string): void;
  end(): void;
}

export function createProgressLine(output: NodeJS.WriteStream): ProgressLine {
  let shown = "";
  return {
    show(text) {
      if (text === shown) return;
      output.write(output.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
      shown = text;
    },
    end() {
      if (output.isTTY && shown !== "") output.write("\n");
    },
  };
}
