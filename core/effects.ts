/** What xstate gives as actions, by their names. */
export function effectNames<Effect extends string>(actions: readonly { readonly type: string }[]): Effect[] {
  return actions.map((action) => action.type as Effect);
}
