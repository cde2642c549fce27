/** Portuguese for what till and server answer: by their codes. */
import type { Answers } from "./forms.ts";

export const reason: Answers["reason"] = {
  "not-activated": "não estava ativado.",
  "already-activated": "já está ativado.",
  suspended: "está suspenso.",
  "not-suspended": "não está suspenso.",
  blocked: "está bloqueado.",
  "being-paid": "está a ser pago a alguém.",
  "already-consumed": "já foi usado.",
  "already-cancelled": "foi anulado.",
  expired: "caducou.",
  purged: "terminou há muito.",
  "leased-to-another-node": "está reservado para outra caixa.",
  "unknown-voucher": "não existe esse vale.",
  "wrong-number": "o número está errado.",
  "wrong-amount": "o montante está errado.",
  "wrong-merchant-group": "esta loja não pode aceitar vales deste grupo.",
  "over-amount": "vale mais do que pode ser aceite sem ligação.",
  "over-sum": "foi aceite mais do que é permitido sem ligação.",
  "over-count": "foram aceites mais vales do que é permitido sem ligação.",
  "over-hours": "o último contacto foi há demasiado tempo.",
  "policy-not-current": "a regra da caixa não era a atual.",
  "policy-expired": "a regra tinha terminado.",
  "at-risk-not-allowed": "nenhuma regra o permitia.",
  "currency-not-allowed": "nada nesta moeda pode ser aceite sem ligação.",
  "deny-list-too-old": "a lista de recusados da caixa era demasiado antiga.",
  "contact-not-known": "o servidor não conhece o último contacto da caixa.",
  "lease-closed": "a reserva tinha terminado e foi usado noutro lugar.",
  "not-an-agent": "esta loja não pode pagar vales em numerário.",
  "cash-out-not-allowed": "a regra não permite numerário por ele.",
  "over-cash-fee": "a comissão excedia o que a regra permite.",
  "never-leased": "nunca esteve reservado para esta caixa.",
  "too-late": "chegou tarde demais ao servidor.",
  "node-frozen": "esta caixa está congelada.",
  "node-revoked": "esta caixa foi retirada.",
  forked: "o servidor tem outras operações desta caixa.",
  "earlier-operation-held": "uma operação anterior desta caixa está retida.",
  recovery: "o servidor está a ser restaurado.",
  "recovery-conflict": "o servidor restaurado diz outra coisa.",
  quarantined: "o servidor não o conseguiu ler e está a examiná-lo.",
};

export const refusal: Answers["refusal"] = {
  "already-redeemed-here": "Este vale já foi resgatado nesta caixa em {{at}} por {{actor}}.",
  "verdict-awaited":
    "Este vale foi enviado ao servidor em {{at}} por {{actor}}, e o servidor ainda não decidiu. Veja no Histórico.",
  "rejected-before": "O servidor já rejeitou este vale nesta caixa. Ligue-se e tente de novo.",
  "not-leased-here":
    "Este vale não está reservado para esta caixa e não pode ser aceite sem ligação. Ligue-se e tente de novo.",
  "no-such-serial": "Não há nenhum vale com este número de série. Verifique os algarismos.",
  "at-other-till":
    "Este vale está reservado para {{till}} desta loja até {{until}}. Envie o cliente para lá.",
  "leased-elsewhere":
    "Este vale está reservado para outra loja{{place}}, a quem se pede que o devolva. Envie o cliente para lá ou tente dentro de alguns minutos; o mais tardar em {{until}} fica livre.",
  "lease-given-back": "Esta caixa devolveu este vale. Ligue-se e tente de novo.",
  "token-needed":
    "Este vale não está reservado para esta caixa: o número de série não basta. Leia o código quadrado.",
  "lease-not-valid":
    "A reserva deste vale não pôde ser verificada. Sincronize e tente de novo; se acontecer outra vez, contacte o operador.",
  "lease-ended": "A reserva deste vale terminou em {{until}}. Ligue-se, sincronize e tente de novo.",
  "voucher-expired": "Este vale caducou em {{until}}. Já não pode ser aceite.",
  "wrong-number":
    "O número sob a zona de raspar não corresponde a este vale. Verifique os dezasseis algarismos.",
  "clock-not-trusted":
    "Esta caixa foi reiniciada, ou o relógio foi mudado, e não teve contacto com o servidor desde então. Ligue-se e sincronize.",
  "over-unanchored-hours":
    "O relógio não está confirmado e o último contacto foi há demasiado tempo. Ligue-se e sincronize.",
  "over-unanchored-amount":
    "O relógio não está confirmado e já foi aceite tudo o que a regra permite nesse caso. Ligue-se e sincronize.",
  "clock-off":
    "O relógio deste computador está longe demais do do servidor. Acerte-o, ligue-se e sincronize.",
  "at-risk-not-allowed":
    "Nenhuma regra permite a esta caixa aceitar vales sem ligação. Ligue-se e tente de novo.",
  "policy-not-fetched": "Há uma regra nova que esta caixa ainda não tem. Ligue-se e sincronize.",
  "policy-expired": "A regra para aceitar vales sem ligação terminou. Ligue-se e sincronize.",
  "currency-not-allowed": "Nada nesta moeda pode ser aceite sem ligação. Ligue-se e tente de novo.",
  "over-amount": "Este vale vale mais do que pode ser aceite sem ligação. Ligue-se e tente de novo.",
  "over-sum":
    "Com este vale a caixa teria aceite mais do que é permitido desde a última sincronização. Ligue-se e sincronize.",
  "over-count":
    "Esta caixa aceitou tantos vales quantos são permitidos desde a última sincronização. Ligue-se e sincronize.",
  "over-hours": "A última sincronização foi há mais tempo do que é permitido. Ligue-se e sincronize.",
  "deny-list-too-old": "A lista de vales recusados desta caixa é demasiado antiga. Ligue-se e sincronize.",
  "voucher-denied": "Este vale tem de ser recusado: foi usado, anulado, suspenso ou bloqueado.",
  "wrong-merchant-group":
    "Esta loja não pode aceitar vales deste grupo. Pergunte ao programa que lojas podem.",
  "node-stopped":
    "Esta caixa parou e não aceita mais nada, para que nenhum vale seja aceite duas vezes ({{because}}). Sincronize o que resta e peça ao operador um novo código de inscrição.",
  "node-frozen": "O operador congelou esta caixa. Contacte o operador.",
  "node-revoked": "O operador retirou esta caixa. Contacte o operador.",
  "token-not-genuine":
    "O código quadrado não é de um vale autêntico, ou não foi lido por inteiro. Leia-o de novo.",
  "token-of-another-voucher": "O código quadrado e o número de série são de vales diferentes.",
  "given-back-before": "Esta caixa já devolveu este vale.",
  "redeemed-here": "Este vale foi resgatado nesta caixa e não pode ser devolvido.",
  "malformed-server-url":
    "O endereço do servidor não pode ser lido. Parece-se com https://payments.example.org",
  "server-without-tls":
    "O endereço deste servidor não tem TLS (https). Só um servidor nesta mesma máquina o pode dispensar.",
  "already-enrolled": "Esta caixa já está inscrita.",
  "wrong-passphrase": "Esta não é a frase secreta desta caixa.",
  "passphrase-too-short": "A frase secreta é demasiado curta: pelo menos oito caracteres.",
  "answer-not-trusted":
    "A resposta do servidor não pôde ser verificada e não foi usada. Contacte o operador antes de confiar nesta ligação.",
  "supervisor-needed": "Só um responsável pode fazer isto.",
  "not-oneself": "Ninguém se pode remover a si próprio. Outro responsável pode.",
  "cash-paid-out":
    "Já foi pago numerário: o início não pode ser mudado. Coloque ou retire numerário em vez disso.",
  "currency-twice": "Cada moeda só pode ser indicada uma vez.",
  "not-an-amount": "Isto não é um montante dessa moeda.",
  "not-an-agent": "Esta loja não é um agente: não pode pagar vales em numerário.",
  "cash-out-not-allowed": "A regra do operador não permite pagar este vale em numerário.",
  "over-cash-fee": "A comissão excede o que a regra permite.",
  "authenticate-first": "O registo não respondeu agora por este vale. Pergunte-lhe de novo.",
  "passphrase-needed": "Este computador não guarda chaves: escolha uma frase secreta.",
  "no-key-store": "Esta caixa abre-se só com uma frase secreta, escolhida quando foi inscrita.",
  "key-store-failed":
    "O cofre de chaves deste computador não funciona. Use a frase secreta, ou contacte quem trata do computador.",
  "no-such-cashier": "Não há ninguém com esse nome.",
  "wrong-pin": "Este não é o PIN certo.",
  wait: "Demasiados PIN errados. Tente depois de {{until}}.",
  "name-taken": "Alguém já tem esse nome.",
  "sign-in-first": "Entre antes de adicionar alguém.",
  unreachable: "Não é possível chegar ao servidor. Tudo está guardado e será enviado depois.",
  "allowance-spent": "O que a ligação pode custar hoje está gasto. Tudo está guardado.",
  busy: "O servidor pede para esperar. Tudo está guardado; tente dentro de alguns minutos.",
  refused: "O servidor recusou: {{reason}}. Tudo está guardado. Contacte o operador.",
  "older-server":
    "O servidor trabalha com uma cópia mais antiga dos seus dados. Tudo está guardado. Contacte o operador.",
  "heads-never-match":
    "A caixa e o servidor não concordam sobre o que foi enviado. Tudo está guardado. Contacte o operador.",
  "not-stored": "Esta caixa não conseguiu escrever no disco. Liberte espaço e sincronize de novo.",
  stopped: "Esta caixa parou ({{because}}). Contacte o operador.",
  "no-verdict": "Ainda não há decisão sobre esta operação. Sincronize e tente de novo.",
  "no-such-operation": "Esta caixa não tem essa operação.",
  "nothing-to-export": "Nada espera para ser enviado, por isso nenhum ficheiro foi escrito.",
  "not-an-answer": "Isto não é uma resposta do servidor.",
  "not-trusted":
    "Este ficheiro não foi assinado pelo servidor desta caixa, ou foi mudado no caminho. Nada dele foi usado.",
  "another-node": "Esta resposta é para outra caixa. Nada dela foi usado.",
  "unknown-operation":
    "Esta resposta é sobre operações que esta caixa não tem. Nada dela foi usado. Contacte o operador.",
  "another-operation":
    "Esta resposta é sobre operações que esta caixa não tem. Nada dela foi usado. Contacte o operador.",
  "verdict-missing": "Esta resposta não está completa. Nada dela foi usado. Contacte o operador.",
  "not-a-carried-queue": "Este não é o ficheiro inteiro que uma caixa guardou. Nada foi enviado.",
  "answer-not-readable":
    "A resposta do servidor não pode ser lida. Tente de novo; se acontecer outra vez, contacte o operador.",
  "unknown-group": "Não existe esse grupo.",
  "never-leased-at-risk": "Os vales deste grupo nunca são reservados: são aceites provisoriamente.",
  "node-not-accepting": "Esta loja não pode aceitar vales deste grupo.",
  "node-holds-too-many": "Esta caixa não pode ter mais; o operador pode permitir mais.",
  "none-left": "Não restam vales deste grupo para distribuir.",
  "disk-not-writable":
    "Esta caixa não conseguiu escrever no disco. Nada foi aceite. Liberte espaço e tente de novo.",
  "database-damaged":
    "A base de dados desta caixa está danificada. Nada foi aceite. Deixe a pasta como está e contacte o operador.",
  "not-possible-now": "Isso não é possível agora.",
  "no-answer":
    "A caixa não respondeu, por isso não se sabe se foi feito. Carregue outra vez: não será feito duas vezes.",
  "not-let-in":
    "A caixa já não reconhece esta página. Inicie o programa de novo e abra o endereço que ele mostra.",
  "ask-registry-later":
    "O registo não confirmou demasiadas vezes. Reconheça a pessoa de outra forma, ou pergunte de novo depois de {{until}}.",
  "too-many-questions":
    "O registo não confirmou demasiadas vezes. Reconheça a pessoa de outra forma, ou pergunte de novo daqui a uma hora.",
  "registry-away": "O registo não respondeu. Reconheça a pessoa pelos dados impressos ou pela fotografia.",
  "registry-not-available":
    "Este servidor não consulta nenhum registo. Reconheça a pessoa pelos dados impressos ou pela fotografia.",
  "unknown-code":
    "Não existe esse código, ou já caducou. Confira-o letra a letra, ou peça um novo ao seu operador.",
  "used-code": "Este código foi usado por outra máquina. Peça um novo ao seu operador.",
  "expired-code": "Este código caducou. Peça um novo ao seu operador.",
  "not-possible": "Um recurso é apreciado uma vez, depois de uma recusa. Sincronize para ver como está.",
  "no-such-dispute": "O servidor não conhece esse litígio. Sincronize e veja de novo.",
  malformed: "Isso não pôde ser lido. Verifique o que escreveu.",
  unexpected: "Algo correu mal que não devia. Nada foi aceite. Contacte o operador.",
  unknown: "A caixa respondeu: {{code}}.",
};
