/** What can happen to bills in a simulation: at tills, at the bank, with the biller, and to the agents' floats. */
import type { Act, Scene } from "./acts.ts";
import { merchants } from "./server.ts";

export const billActs: readonly (readonly [number, Act])[] = [
  [14, payByCash],
  [5, payAtTillByVoucher],
  [5, payByBank],
  [3, payByApiVoucher],
  [3, giveCashBack],
  [3, topUp],
  [2, changeBill],
  [2, addBill],
];

async function payByCash({ world, server, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  const billId = world.random.pick(server.desk.bills);
  world.note(`${node.name} takes cash for ${billId}: ${await node.payBill(billId)}`);
}

async function payAtTillByVoucher({ world, server, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  if (held.length === 0) return;
  const voucher = world.random.pick(held);
  const billId = world.random.pick(server.desk.bills);
  world.note(`${node.name} pays ${billId} with ${voucher.serial}: ${await node.payBill(billId, voucher)}`);
}

async function payByBank({ world, server }: Scene): Promise<void> {
  const billId = world.random.pick(server.desk.bills);
  world.note(`bank pays ${billId}: ${await server.desk.payByBank(billId)}`);
}

async function payByApiVoucher({ world, server }: Scene): Promise<void> {
  const [billId, voucher] = [world.random.pick(server.desk.bills), world.random.pick(server.vouchers)];
  const outcome = await server.desk.payByVoucher(billId, voucher);
  world.note(`bank pays ${billId} with ${voucher.serial}: ${outcome}`);
}

/** Whoever is at the till gives back what it lists. */
async function giveCashBack({ world, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  for (const payment of node.toGiveBack()) {
    const outcome = await node.refundBill(payment);
    world.note(`${node.name} gives the cash of #${payment} back: ${outcome}`);
  }
}

async function topUp({ world, server }: Scene): Promise<void> {
  const merchantId = world.random.pick(merchants);
  const amountMinor = BigInt(1000 + world.random.below(3000));
  world.note(`${merchantId} pays ${amountMinor} in: ${await server.desk.topUp(merchantId, amountMinor)}`);
}

/** The biller corrects a bill, withdraws it, or says that it is paid by another way. */
async function changeBill({ world, server }: Scene): Promise<void> {
  const billId = world.random.pick(server.desk.bills);
  const state = world.random.pick(["open", "open", "withdrawn", "paidElsewhere"] as const);
  const amount = world.random.pick(["12.50", "20.00"]);
  world.note(
    `biller tells ${billId} as ${state}, ${amount}: ${await server.desk.tell(billId, amount, state)}`,
  );
}

async function addBill({ world, server }: Scene): Promise<void> {
  world.note(`biller tells a new bill: ${await server.desk.addBill()}`);
}
