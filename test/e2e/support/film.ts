/** A film of a square code, for the make-believe camera: one grey picture in Y4M, which Chromium shows again and again. */
import QRCode from "qrcode";

const [width, height] = [640, 480];
const [light, dark, colourless] = [235, 16, 128];

export function filmOf(text: string): Buffer {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: "M" });
  const scale = Math.floor((height - 40) / modules.size);
  const edge = modules.size * scale;
  const [left, top] = [Math.floor((width - edge) / 2), Math.floor((height - edge) / 2)];
  const brightness = Buffer.alloc(width * height, light);
  for (let row = 0; row < edge; row += 1) {
    for (let column = 0; column < edge; column += 1) {
      const isDark = modules.get(Math.floor(row / scale), Math.floor(column / scale));
      if (isDark) brightness[(top + row) * width + left + column] = dark;
    }
  }
  const colours = Buffer.alloc((width * height) / 2, colourless);
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  return Buffer.concat([header, ...[1, 2].flatMap(() => [Buffer.from("FRAME\n"), brightness, colours])]);
}
