/** An address as it is shown before a reason is given: enough to recognise one's own, too little to use it. */

const shown = 4;

export function maskAddress(address: string): string {
  const characters = Array.from(address);
  const visible = characters.length > 2 * shown ? shown : Math.floor(characters.length / 4);
  return "•".repeat(characters.length - visible) + characters.slice(characters.length - visible).join("");
}
