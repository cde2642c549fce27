/** The names under which page and shell talk; nothing else is listened to. */
export const askChannel = "paypost:ask";
export const eventChannel = "paypost:event";
