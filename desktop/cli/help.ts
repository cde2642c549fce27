/** What `help` says. */

export const helpText = `Paypost node: redeems vouchers on this machine, with or without a connection.

  npm run node -- COMMAND --data FOLDER [--json]

Commands
  enrol     --server URL --code CODE [--head-file FILE]
            Makes this till's key and enrols it. FILE is the second record of the last operation, best on another
            disk; without it, it lies in the data folder.
  sync      [--watch] [--anyway]
            Sends what is in the queue and fetches what is new, once or until it is interrupted; --anyway although what
            the connection may cost today is spent.
  settings  [--allowance BYTES|none] [--on-request yes|no]
            Shows what the connection has carried today, and sets what it may carry in a day (5MB, 500kB), and whether this
            till contacts its server only when somebody runs sync. A fifth of the day's bytes is kept for what is redeemed.
  redeem    --serial SERIAL --number NUMBER [--cash] [--offline] [--actor NAME]
  redeem    --token TOKEN [--serial SERIAL] --number NUMBER [--cash] [--offline] [--actor NAME]
            Redeems a voucher. TOKEN is what the square code holds (PV1:...), NUMBER the sixteen digits under the
            scratch panel. A voucher that is reserved for this till is accepted at once. Any other one needs its token
            and a connection, and is accepted when the server says so. --offline never opens a connection. One of an
            at-risk group is accepted without a connection within the policy's limits, provisionally: it is paid if no
            other till was first. --cash pays it out in cash, which an agent's till may do: the answer names what is
            handed over and the fee.
  status    Who this till is, what it holds, what is left of its limits, and whether anything is wrong.
  queue     Every operation of this till and what became of it.
  receipts  The operations that have a verdict, with the server's signed word.
  receipt   FILE --operation N
            Writes an operation with the server's verdict into a new file: proof for whoever asks. \`npm run verify\` checks
            it without a server.
  look-up   --identity ID --programme ID [--reason TEXT] [--actor NAME]
            What is known here of a payee, and how old that is. The addresses are masked; with --reason they are shown in
            full. Every look-up is recorded and sent to the server's audit trail.
  register-payee, update-payee
            --identity ID --programme ID [--modality 00|01|02|03|04 --address TEXT] [--institution-code CODE]
            [--area AREA] [--status 0|1] [--offline] [--actor NAME]
            Checks what was typed (IBAN, telephone number) and queues it; the server answers each. A payee that was
            changed meanwhile is held until the programme has decided which version counts.
  payees    What was done with payees here, and what the server answered.
  leases    The vouchers that are reserved for this till, until when, and which of them are asked back.
  reserve   --group GROUP --quantity N
            Reserves up to N more vouchers that this shop hands out.
  release   --serial SERIAL [--offline]
            Gives a reserved voucher back, so that it can be redeemed elsewhere. What the server asks for is given back by
            itself with every sync, unless it was redeemed here.
  bills     [--find TEXT]
            The bills that this till may take: those whose number begins with TEXT, or whose payer's name holds it; and what is
            left of the float.
  pay-bill  --bill ID [--serial SERIAL --number NUMBER] [--offline] [--actor NAME]
            Takes cash for a bill within the float, or a voucher that is reserved for this till and worth exactly what is due.
            Received, and not yet credited: the verdict comes with a later \`sync\`, under the same receipt number.
  export    FILE [--after N]
            Writes what is not yet sent into a new file, sealed for the server, to be carried there on a stick.
  hand-in   FILE [--answer FILE]
            Sends a file that another till exported, and writes the server's answer into FILE.answer, to be carried back.
  import    FILE
            Takes in the verdicts of an answer that was carried back. None of the three loses or repeats anything,
            however often, late or in whatever order it is done.
  rotate-key
            Replaces the key that this till signs with. What was done before goes on being settled; the old key is worth
            nothing from then on. Needs a connection, and the till's application closed.
  wipe      Signs this till out for good: removes its key, its queue and all that it holds. Refused while the server lacks
            anything of it. A newer version of this program refuses such a till likewise until it has synced.
  write-off --amount AMOUNT --because TEXT --by NAME
            Gives up what was never sent, where it cannot be sent any more. AMOUNT is what \`wipe\` shows. It counts once
            somebody else has said the same.
  help      This text.

Passphrase: --passphrase-file FILE, or the variable PAYPOST_PASSPHRASE, or asked for. Needed by enrol, sync,
redeem, pay-bill, reserve, release, export, hand-in, rotate-key, wipe, write-off and the commands about payees.
--server URL on other commands than enrol uses another address for this run.
--json prints one JSON document (with sync --watch: one on each line). Amounts and serials in it are text.

Exit codes
  0  done; for redeem: accepted, the goods may be handed over
  1  something unexpected; nothing was accepted
  2  the command cannot be read
  3  refused, with a reason
  4  not known yet, or offline: do not hand over goods
  5  this till has stopped and needs help`;
