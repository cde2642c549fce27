/** Messages of G2P Connect, mapper API 1.0.0 (specification level: draft), as zod schemas. */
import { z } from "@hono/zod-openapi";

export const actions = ["link", "update", "unlink", "resolve"] as const;

export type G2pAction = (typeof actions)[number];

export const mostItems = 10_000;

const timestamp = z.string().max(40);
const reference = z.string().min(1).max(99);

/** Checked by itself, so that one wrong item is rejected and not the whole message. */
export const item = z.looseObject({
  reference_id: z.string().max(200).optional(),
  timestamp: timestamp.optional(),
  id: z.string().max(200).optional(),
  fa: z.string().max(200).optional(),
  scope: z.enum(["yes_no", "details"]).optional(),
});

export const header = z.looseObject({
  version: z.string().max(20).optional(),
  message_id: z.string().min(1).max(99),
  message_ts: timestamp,
  action: z.string().max(40),
  sender_id: z.string().min(1).max(99),
  sender_uri: z.string().max(200).optional(),
  receiver_id: z.string().max(99).optional(),
  total_count: z.number().int().nonnegative(),
  is_msg_encrypted: z.boolean().optional(),
});

const items = z.array(item).min(1).max(mostItems);
const transaction = z.string().min(1).max(99);

export const messages = {
  link: z.looseObject({ transaction_id: transaction, link_request: items }),
  update: z.looseObject({ transaction_id: transaction, update_request: items }),
  unlink: z.looseObject({ transaction_id: transaction, unlink_request: items }),
  resolve: z.looseObject({ transaction_id: transaction, resolve_request: items }),
} as const satisfies Record<G2pAction, z.ZodType>;

export const statusMessage = z.looseObject({
  transaction_id: transaction,
  txnstatus_request: z.looseObject({
    reference_id: reference,
    txn_type: z.enum(actions),
    attribute_type: z.enum(["transaction_id", "reference_id_list", "correlation_id"]),
    attribute_value: z.union([transaction, z.array(reference).min(1).max(1_000)]),
  }),
});

const signature = z.string().max(1_000).optional();

export const envelope = z.looseObject({ signature, header, message: z.looseObject({}) });

export const described = {
  link: z.object({ signature, header, message: messages.link }).openapi("G2pLink"),
  update: z.object({ signature, header, message: messages.update }).openapi("G2pUpdate"),
  unlink: z.object({ signature, header, message: messages.unlink }).openapi("G2pUnlink"),
  resolve: z.object({ signature, header, message: messages.resolve }).openapi("G2pResolve"),
  status: z.object({ signature, header, message: statusMessage }).openapi("G2pStatus"),
} as const;

export type ErrorCode =
  | "err.request.bad"
  | "err.request.not_found"
  | "err.version.not_supported"
  | "err.sender_id.invalid"
  | "err.sender_uri.invalid"
  | "err.signature.missing"
  | "err.signature.invalid"
  | "err.encryption.invalid"
  | "err.service.unavailable"
  | "err.request.unauthorized"
  | "err.request.forbidden";

export const acknowledgement = z
  .object({
    message: z.object({
      ack_status: z.enum(["ACK", "NACK", "ERR"]),
      timestamp: z.iso.datetime(),
      correlation_id: z.string(),
      error: z.object({ code: z.string(), message: z.string() }).optional(),
    }),
  })
  .openapi("G2pAcknowledgement");

export const syncAnswer = z
  .object({ signature: z.string(), header: z.looseObject({}), message: z.looseObject({}) })
  .openapi("G2pAnswer");
