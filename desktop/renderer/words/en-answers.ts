/** English for what till and server answer: by their codes. */

/** Why the server rejected an operation, or holds it; the end of a sentence. */
export const reason = {
  "not-activated": "it was not activated.",
  "already-activated": "it is activated already.",
  suspended: "it is suspended.",
  "not-suspended": "it is not suspended.",
  blocked: "it is blocked.",
  "being-paid": "it is being paid to somebody.",
  "already-consumed": "it was used before.",
  "already-cancelled": "it was cancelled.",
  expired: "it has expired.",
  purged: "it ended long ago.",
  "leased-to-another-node": "it is reserved for another till.",
  "unknown-voucher": "there is no such voucher.",
  "wrong-number": "the number is wrong.",
  "wrong-amount": "the amount is wrong.",
  "wrong-merchant-group": "this shop may not accept vouchers of this group.",
  "over-amount": "it is worth more than may be accepted without a connection.",
  "over-sum": "more was accepted than is allowed without a connection.",
  "over-count": "more vouchers were accepted than are allowed without a connection.",
  "over-hours": "the last contact was too long ago.",
  "policy-not-current": "the till's policy was not the current one.",
  "policy-expired": "the policy had ended.",
  "at-risk-not-allowed": "no policy allowed it.",
  "currency-not-allowed": "nothing in this currency may be accepted without a connection.",
  "deny-list-too-old": "the till's list of vouchers to be denied was too old.",
  "contact-not-known": "the server does not know of the till's last contact.",
  "lease-closed": "its reservation had ended, and it was used elsewhere.",
  "not-an-agent": "this shop may not pay vouchers out in cash.",
  "cash-out-not-allowed": "the policy allows no cash for it.",
  "over-cash-fee": "the fee was higher than the policy allows.",
  "never-leased": "it was never reserved for this till.",
  "too-late": "it reached the server too late.",
  "node-frozen": "this till is frozen.",
  "node-revoked": "this till is withdrawn.",
  forked: "the server has other operations of this till.",
  "earlier-operation-held": "an earlier operation of this till is held.",
  recovery: "the server is being restored.",
  "recovery-conflict": "the restored server knows otherwise.",
  quarantined: "the server could not read it, and looks into it.",
};

/** Why the till does not do what it was asked, and what to do. */
export const refusal = {
  "already-redeemed-here": "This voucher was already redeemed at this till on {{at}} by {{actor}}.",
  "verdict-awaited":
    "This voucher was sent to the server on {{at}} by {{actor}}, which has not decided yet. Look under History.",
  "rejected-before": "The server has rejected this voucher at this till before. Connect and try again.",
  "not-leased-here":
    "This voucher is not reserved for this till, so it cannot be accepted without a connection. Connect and try again.",
  "no-such-serial": "There is no voucher with this serial number. Check the digits.",
  "at-other-till":
    "This voucher is reserved for {{till}} of this shop until {{until}}. Send the customer there.",
  "leased-elsewhere":
    "This voucher is reserved for another shop{{place}}, which is asked to give it back. Send the customer there, or try again in some minutes; by {{until}} it is free whatever happens.",
  "lease-given-back": "This till has given this voucher back. Connect and try again.",
  "token-needed":
    "This voucher is not reserved for this till: its serial number alone is not enough. Scan the square code.",
  "lease-not-valid":
    "The reservation of this voucher could not be verified. Sync and try again; if it happens again, call the operator.",
  "lease-ended": "The reservation of this voucher ended on {{until}}. Connect, sync and try again.",
  "voucher-expired": "This voucher expired on {{until}}. It cannot be accepted any more.",
  "wrong-number": "The number under the scratch panel does not fit this voucher. Check the sixteen digits.",
  "clock-not-trusted":
    "This till was restarted, or its clock was changed, and it had no contact with the server since. Connect and sync.",
  "over-unanchored-hours":
    "The clock is not confirmed and the last contact is too long ago. Connect and sync.",
  "over-unanchored-amount":
    "The clock is not confirmed and as much was accepted as the policy allows then. Connect and sync.",
  "clock-off": "This computer's clock is too far from the server's. Set it, connect and sync.",
  "at-risk-not-allowed":
    "No policy allows this till to accept vouchers without a connection. Connect and try again.",
  "policy-not-fetched": "There is a new policy that this till does not have yet. Connect and sync.",
  "policy-expired": "The policy for accepting vouchers without a connection has ended. Connect and sync.",
  "currency-not-allowed":
    "Nothing in this currency may be accepted without a connection. Connect and try again.",
  "over-amount":
    "This voucher is worth more than may be accepted without a connection. Connect and try again.",
  "over-sum":
    "With this voucher the till would have accepted more than is allowed since the last sync. Connect and sync.",
  "over-count":
    "This till has accepted as many vouchers as are allowed since the last sync. Connect and sync.",
  "over-hours": "The last sync is longer ago than is allowed. Connect and sync.",
  "deny-list-too-old": "This till's list of vouchers to be denied is too old. Connect and sync.",
  "voucher-denied": "This voucher must be denied: it was used, cancelled, suspended or blocked.",
  "wrong-merchant-group":
    "This shop may not accept vouchers of this group. Ask the programme which shops may.",
  "node-stopped":
    "This till has stopped and accepts nothing more, so that no voucher is taken twice ({{because}}). Sync what is left, and ask the operator for a new enrolment code.",
  "node-frozen": "The operator has frozen this till. Call the operator.",
  "node-revoked": "The operator has withdrawn this till. Call the operator.",
  "token-not-genuine":
    "The square code is not that of a genuine voucher, or was not read completely. Scan it again.",
  "token-of-another-voucher": "The square code and the serial number belong to different vouchers.",
  "given-back-before": "This till has given this voucher back already.",
  "redeemed-here": "This voucher was redeemed at this till, so it cannot be given back.",
  "malformed-server-url": "The server's address cannot be read. It looks like https://payments.example.org",
  "server-without-tls":
    "This server's address has no TLS (https). Only a server on this same machine may do without.",
  "already-enrolled": "This till is enrolled already.",
  "wrong-passphrase": "This is not the passphrase of this till.",
  "passphrase-too-short": "The passphrase is too short: at least eight characters.",
  "answer-not-trusted":
    "The server's answer could not be verified, so it was not used. Call the operator before you trust this connection.",
  "supervisor-needed": "Only a supervisor may do this.",
  "not-oneself": "Nobody can remove themselves. Another supervisor can.",
  "cash-paid-out":
    "Cash was paid out already, so the beginning cannot be changed any more. Put cash in or take it out instead.",
  "currency-twice": "Each currency may be named once.",
  "not-an-amount": "This is not an amount of that currency.",
  "not-an-agent": "This shop is no agent: it may not pay vouchers out in cash.",
  "cash-out-not-allowed": "The operator's policy does not allow this voucher to be paid out in cash.",
  "over-cash-fee": "The fee is higher than the policy allows.",
  "authenticate-first": "The registry has not answered for this voucher just now. Ask it again.",
  "passphrase-needed": "This computer keeps no keys: choose a passphrase.",
  "no-key-store": "This till is opened by a passphrase alone, which was chosen when it was enrolled.",
  "key-store-failed":
    "This computer's key store does not work. Use the passphrase, or call whoever looks after the computer.",
  "no-such-cashier": "There is nobody of that name.",
  "wrong-pin": "This is not the right PIN.",
  wait: "Too many wrong PINs. Try again after {{until}}.",
  "name-taken": "Somebody has this name already.",
  "sign-in-first": "Sign in before you add somebody.",
  unreachable: "The server cannot be reached. Everything is kept and will be sent later.",
  "allowance-spent": "What the connection may cost today is spent. Everything is kept.",
  busy: "The server asks to wait. Everything is kept; try again in some minutes.",
  refused: "The server refused: {{reason}}. Everything is kept. Call the operator.",
  "older-server": "The server runs from an older copy of its data. Everything is kept. Call the operator.",
  "heads-never-match":
    "The till and the server do not agree on what was sent. Everything is kept. Call the operator.",
  "not-stored": "This till could not write to its disk. Make room and sync again.",
  stopped: "This till has stopped ({{because}}). Call the operator.",
  "no-verdict": "There is no verdict on this operation yet. Sync and try again.",
  "no-such-operation": "This till has no such operation.",
  "nothing-to-export": "Nothing waits to be sent, so no file was written.",
  "not-an-answer": "This is not an answer of the server.",
  "not-trusted":
    "This file was not signed by this till's server, or was changed on its way. Nothing of it was used.",
  "another-node": "This answer is for another till. Nothing of it was used.",
  "unknown-operation":
    "This answer is about operations that this till does not have. Nothing of it was used. Call the operator.",
  "another-operation":
    "This answer is about operations that this till does not have. Nothing of it was used. Call the operator.",
  "verdict-missing": "This answer is not complete. Nothing of it was used. Call the operator.",
  "not-a-carried-queue": "This is not the whole of a file that a till saved. Nothing was sent.",
  "answer-not-readable":
    "The server's answer cannot be read. Try again; if it happens again, call the operator.",
  "unknown-group": "There is no such group.",
  "never-leased-at-risk": "Vouchers of this group are never reserved: they are taken at risk.",
  "node-not-accepting": "This shop may not accept vouchers of this group.",
  "node-holds-too-many": "This till may hold no more; the operator can allow more.",
  "none-left": "No more vouchers of this group are there to hand out.",
  "disk-not-writable":
    "This till could not write to its disk. Nothing was accepted. Make room and try again.",
  "database-damaged":
    "This till's database is damaged. Nothing was accepted. Keep its folder as it is and call the operator.",
  "not-possible-now": "That is not possible now.",
  "no-answer":
    "The till gave no answer, so it is not known whether it was done. Press again: it is not done twice.",
  "not-let-in":
    "This page is not known to the till any more. Start the program again, and open the address that it shows.",
  "ask-registry-later":
    "The registry did not confirm too often. Recognise the person by other means, or ask again after {{until}}.",
  "too-many-questions":
    "The registry did not confirm too often. Recognise the person by other means, or ask again in an hour.",
  "registry-away": "The registry gave no answer. Recognise the person by the printed data or the photo.",
  "registry-not-available":
    "This server asks no registry. Recognise the person by the printed data or the photo.",
  "unknown-code":
    "There is no such code, or it has run out. Check it letter by letter, or ask your operator for a new one.",
  "used-code": "This code was used by another machine. Ask your operator for a new one.",
  "expired-code": "This code has run out. Ask your operator for a new one.",
  "not-possible": "An appeal is heard once, after a refusal. Sync to see how it stands.",
  "no-such-dispute": "The server knows of no such dispute. Sync and look again.",
  malformed: "That could not be read. Check what you typed.",
  unexpected: "Something went wrong that should not have. Nothing was accepted. Call the operator.",
  unknown: "The till said: {{code}}.",
};
