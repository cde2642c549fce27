/** Spanish for what till and server answer: by their codes. */
import type { Answers } from "./forms.ts";

export const reason: Answers["reason"] = {
  "not-activated": "no estaba activado.",
  "already-activated": "ya está activado.",
  suspended: "está suspendido.",
  "not-suspended": "no está suspendido.",
  blocked: "está bloqueado.",
  "being-paid": "se está pagando a alguien.",
  "already-consumed": "ya se usó.",
  "already-cancelled": "se anuló.",
  expired: "ha caducado.",
  purged: "terminó hace mucho.",
  "leased-to-another-node": "está reservado para otra caja.",
  "unknown-voucher": "no existe ese vale.",
  "wrong-number": "el número es incorrecto.",
  "wrong-amount": "el importe es incorrecto.",
  "wrong-merchant-group": "esta tienda no puede aceptar vales de este grupo.",
  "over-amount": "vale más de lo que se puede aceptar sin conexión.",
  "over-sum": "se aceptó más de lo permitido sin conexión.",
  "over-count": "se aceptaron más vales de los permitidos sin conexión.",
  "over-hours": "el último contacto fue hace demasiado tiempo.",
  "policy-not-current": "la norma de la caja no era la vigente.",
  "policy-expired": "la norma había terminado.",
  "at-risk-not-allowed": "ninguna norma lo permitía.",
  "currency-not-allowed": "no se puede aceptar nada en esta moneda sin conexión.",
  "deny-list-too-old": "la lista de denegados de la caja era demasiado antigua.",
  "contact-not-known": "el servidor no conoce el último contacto de la caja.",
  "lease-closed": "su reserva había terminado y se usó en otro lugar.",
  "not-an-agent": "esta tienda no puede pagar vales en efectivo.",
  "cash-out-not-allowed": "la norma no permite efectivo por él.",
  "over-cash-fee": "la comisión superaba lo que permite la norma.",
  "never-leased": "nunca estuvo reservado para esta caja.",
  "too-late": "llegó demasiado tarde al servidor.",
  "node-frozen": "esta caja está congelada.",
  "node-revoked": "esta caja está retirada.",
  forked: "el servidor tiene otras operaciones de esta caja.",
  "earlier-operation-held": "una operación anterior de esta caja está retenida.",
  recovery: "el servidor se está restaurando.",
  "recovery-conflict": "el servidor restaurado dice otra cosa.",
  quarantined: "el servidor no pudo leerlo y lo está examinando.",
};

export const refusal: Answers["refusal"] = {
  "already-redeemed-here": "Este vale ya se canjeó en esta caja el {{at}} por {{actor}}.",
  "verdict-awaited":
    "Este vale se envió al servidor el {{at}} por {{actor}}, y el servidor aún no ha decidido. Mire en el Historial.",
  "rejected-before": "El servidor ya rechazó este vale en esta caja. Conéctese e inténtelo de nuevo.",
  "not-leased-here":
    "Este vale no está reservado para esta caja y no se puede aceptar sin conexión. Conéctese e inténtelo de nuevo.",
  "no-such-serial": "No hay ningún vale con este número de serie. Revise las cifras.",
  "at-other-till":
    "Este vale está reservado para {{till}} de esta tienda hasta {{until}}. Envíe allí al cliente.",
  "leased-elsewhere":
    "Este vale está reservado para otra tienda{{place}}, a la que se pide que lo devuelva. Envíe allí al cliente o inténtelo dentro de unos minutos; a más tardar {{until}} queda libre.",
  "lease-given-back": "Esta caja devolvió este vale. Conéctese e inténtelo de nuevo.",
  "token-needed":
    "Este vale no está reservado para esta caja: su número de serie no basta. Escanee el código cuadrado.",
  "lease-not-valid":
    "No se pudo comprobar la reserva de este vale. Sincronice e inténtelo; si se repite, llame al operador.",
  "lease-ended": "La reserva de este vale terminó el {{until}}. Conéctese, sincronice e inténtelo de nuevo.",
  "voucher-expired": "Este vale caducó el {{until}}. Ya no se puede aceptar.",
  "wrong-number": "El número bajo la banda rascable no corresponde a este vale. Revise las dieciséis cifras.",
  "clock-not-trusted":
    "Esta caja se reinició, o se cambió su reloj, y no ha tenido contacto con el servidor desde entonces. Conéctese y sincronice.",
  "over-unanchored-hours":
    "El reloj no está confirmado y el último contacto fue hace demasiado. Conéctese y sincronice.",
  "over-unanchored-amount":
    "El reloj no está confirmado y ya se aceptó todo lo que la norma permite así. Conéctese y sincronice.",
  "clock-off":
    "El reloj de este ordenador está demasiado lejos del del servidor. Ajústelo, conéctese y sincronice.",
  "at-risk-not-allowed":
    "Ninguna norma permite a esta caja aceptar vales sin conexión. Conéctese e inténtelo de nuevo.",
  "policy-not-fetched": "Hay una norma nueva que esta caja aún no tiene. Conéctese y sincronice.",
  "policy-expired": "La norma para aceptar vales sin conexión ha terminado. Conéctese y sincronice.",
  "currency-not-allowed":
    "No se puede aceptar nada en esta moneda sin conexión. Conéctese e inténtelo de nuevo.",
  "over-amount":
    "Este vale vale más de lo que se puede aceptar sin conexión. Conéctese e inténtelo de nuevo.",
  "over-sum":
    "Con este vale la caja habría aceptado más de lo permitido desde la última sincronización. Conéctese y sincronice.",
  "over-count":
    "Esta caja ha aceptado tantos vales como se permite desde la última sincronización. Conéctese y sincronice.",
  "over-hours": "La última sincronización fue hace más de lo permitido. Conéctese y sincronice.",
  "deny-list-too-old":
    "La lista de vales denegados de esta caja es demasiado antigua. Conéctese y sincronice.",
  "voucher-denied": "Este vale debe denegarse: se usó, se anuló, se suspendió o se bloqueó.",
  "wrong-merchant-group":
    "Esta tienda no puede aceptar vales de este grupo. Pregunte al programa qué tiendas pueden.",
  "node-stopped":
    "Esta caja se ha detenido y no acepta nada más, para que ningún vale se tome dos veces ({{because}}). Sincronice lo que queda y pida al operador un nuevo código de inscripción.",
  "node-frozen": "El operador ha congelado esta caja. Llame al operador.",
  "node-revoked": "El operador ha retirado esta caja. Llame al operador.",
  "token-not-genuine":
    "El código cuadrado no es de un vale auténtico, o no se leyó entero. Escanéelo de nuevo.",
  "token-of-another-voucher": "El código cuadrado y el número de serie son de vales distintos.",
  "given-back-before": "Esta caja ya devolvió este vale.",
  "redeemed-here": "Este vale se canjeó en esta caja y no se puede devolver.",
  "malformed-server-url":
    "La dirección del servidor no se puede leer. Se parece a https://payments.example.org",
  "server-without-tls":
    "La dirección de este servidor no tiene TLS (https). Solo un servidor en esta misma máquina puede prescindir de él.",
  "already-enrolled": "Esta caja ya está inscrita.",
  "wrong-passphrase": "Esta no es la frase secreta de esta caja.",
  "passphrase-too-short": "La frase secreta es demasiado corta: al menos ocho caracteres.",
  "answer-not-trusted":
    "La respuesta del servidor no se pudo comprobar y no se usó. Llame al operador antes de confiar en esta conexión.",
  "supervisor-needed": "Solo un responsable puede hacer esto.",
  "not-oneself": "Nadie puede quitarse a sí mismo. Otro responsable puede.",
  "cash-paid-out":
    "Ya se pagó efectivo: el principio no se puede cambiar. Añada o retire efectivo en su lugar.",
  "currency-twice": "Cada moneda se puede nombrar una sola vez.",
  "not-an-amount": "Esto no es un importe de esa moneda.",
  "not-an-agent": "Esta tienda no es un agente: no puede pagar vales en efectivo.",
  "cash-out-not-allowed": "La norma del operador no permite pagar este vale en efectivo.",
  "over-cash-fee": "La comisión supera lo que permite la norma.",
  "authenticate-first": "El registro no ha respondido ahora mismo por este vale. Pregúntele de nuevo.",
  "passphrase-needed": "Este ordenador no guarda claves: elija una frase secreta.",
  "no-key-store": "Esta caja se abre solo con una frase secreta, que se eligió al inscribirla.",
  "key-store-failed":
    "El almacén de claves de este ordenador no funciona. Use la frase secreta o llame a quien cuida el ordenador.",
  "no-such-cashier": "No hay nadie con ese nombre.",
  "wrong-pin": "Este no es el PIN correcto.",
  wait: "Demasiados PIN equivocados. Inténtelo después de {{until}}.",
  "name-taken": "Alguien ya tiene ese nombre.",
  "sign-in-first": "Entre antes de añadir a alguien.",
  unreachable: "No se puede llegar al servidor. Todo está guardado y se enviará después.",
  "allowance-spent": "Lo que la conexión puede costar hoy está gastado. Todo está guardado.",
  busy: "El servidor pide esperar. Todo está guardado; inténtelo dentro de unos minutos.",
  refused: "El servidor se negó: {{reason}}. Todo está guardado. Llame al operador.",
  "older-server":
    "El servidor trabaja con una copia más antigua de sus datos. Todo está guardado. Llame al operador.",
  "heads-never-match":
    "La caja y el servidor no coinciden en lo que se envió. Todo está guardado. Llame al operador.",
  "not-stored": "Esta caja no pudo escribir en su disco. Haga sitio y sincronice de nuevo.",
  stopped: "Esta caja se ha detenido ({{because}}). Llame al operador.",
  "no-verdict": "Aún no hay decisión sobre esta operación. Sincronice e inténtelo de nuevo.",
  "no-such-operation": "Esta caja no tiene esa operación.",
  "nothing-to-export": "No hay nada por enviar, así que no se escribió ningún archivo.",
  "not-an-answer": "Esto no es una respuesta del servidor.",
  "not-trusted":
    "Este archivo no lo firmó el servidor de esta caja, o se cambió por el camino. No se usó nada de él.",
  "another-node": "Esta respuesta es para otra caja. No se usó nada de ella.",
  "unknown-operation":
    "Esta respuesta trata de operaciones que esta caja no tiene. No se usó nada de ella. Llame al operador.",
  "another-operation":
    "Esta respuesta trata de operaciones que esta caja no tiene. No se usó nada de ella. Llame al operador.",
  "verdict-missing": "Esta respuesta no está completa. No se usó nada de ella. Llame al operador.",
  "not-a-carried-queue": "Este no es el archivo entero que guardó una caja. No se envió nada.",
  "answer-not-readable":
    "La respuesta del servidor no se puede leer. Inténtelo; si se repite, llame al operador.",
  "unknown-group": "No existe ese grupo.",
  "never-leased-at-risk": "Los vales de este grupo nunca se reservan: se toman de forma provisional.",
  "node-not-accepting": "Esta tienda no puede aceptar vales de este grupo.",
  "node-holds-too-many": "Esta caja no puede tener más; el operador puede permitir más.",
  "none-left": "Ya no quedan vales de este grupo por repartir.",
  "disk-not-writable":
    "Esta caja no pudo escribir en su disco. No se aceptó nada. Haga sitio e inténtelo de nuevo.",
  "database-damaged":
    "La base de datos de esta caja está dañada. No se aceptó nada. Deje su carpeta como está y llame al operador.",
  "not-possible-now": "Eso no es posible ahora.",
  "no-answer": "La caja no respondió, así que no se sabe si se hizo. Pulse otra vez: no se hará dos veces.",
  "not-let-in":
    "La caja ya no reconoce esta página. Inicie el programa de nuevo y abra la dirección que muestra.",
  "ask-registry-later":
    "El registro no ha confirmado demasiadas veces. Reconozca a la persona de otro modo, o pregunte de nuevo después de {{until}}.",
  "too-many-questions":
    "El registro no ha confirmado demasiadas veces. Reconozca a la persona de otro modo, o pregunte de nuevo dentro de una hora.",
  "registry-away": "El registro no respondió. Reconozca a la persona por los datos impresos o la foto.",
  "registry-not-available":
    "Este servidor no consulta ningún registro. Reconozca a la persona por los datos impresos o la foto.",
  "unknown-code":
    "No existe ese código, o ha caducado. Compruébelo letra por letra, o pida uno nuevo a su operador.",
  "used-code": "Otra máquina ya usó este código. Pida uno nuevo a su operador.",
  "expired-code": "Este código ha caducado. Pida uno nuevo a su operador.",
  "not-possible": "Una apelación se atiende una vez, después de un rechazo. Sincronice para ver cómo está.",
  "no-such-dispute": "El servidor no conoce esa disputa. Sincronice y mire de nuevo.",
  malformed: "Eso no se pudo leer. Revise lo que escribió.",
  unexpected: "Algo falló que no debía fallar. No se aceptó nada. Llame al operador.",
  unknown: "La caja respondió: {{code}}.",
};
