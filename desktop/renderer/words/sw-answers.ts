/** Swahili for what till and server answer: by their codes. */
import type { Answers } from "./forms.ts";

export const reason: Answers["reason"] = {
  "not-activated": "haikuwa imewashwa.",
  "already-activated": "imewashwa tayari.",
  suspended: "imesimamishwa.",
  "not-suspended": "haijasimamishwa.",
  blocked: "imezuiwa.",
  "being-paid": "inalipwa kwa mtu.",
  "already-consumed": "ilitumika kabla.",
  "already-cancelled": "ilifutwa.",
  expired: "muda wake umeisha.",
  purged: "iliisha zamani.",
  "leased-to-another-node": "imetengwa kwa kaunta nyingine.",
  "unknown-voucher": "hakuna vocha kama hiyo.",
  "wrong-number": "namba si sahihi.",
  "wrong-amount": "kiasi si sahihi.",
  "wrong-merchant-group": "duka hili haliruhusiwi kupokea vocha za kundi hili.",
  "over-amount": "thamani yake inazidi inayoweza kukubaliwa bila muunganisho.",
  "over-sum": "kilikubaliwa zaidi ya kinachoruhusiwa bila muunganisho.",
  "over-count": "vocha nyingi zaidi ya zinazoruhusiwa zilikubaliwa bila muunganisho.",
  "over-hours": "mawasiliano ya mwisho yalikuwa zamani mno.",
  "policy-not-current": "kanuni ya kaunta haikuwa ya sasa.",
  "policy-expired": "kanuni ilikuwa imeisha.",
  "at-risk-not-allowed": "hakuna kanuni iliyoruhusu.",
  "currency-not-allowed": "hakuna kinachokubaliwa kwa sarafu hii bila muunganisho.",
  "deny-list-too-old": "orodha ya kukataliwa ya kaunta ilikuwa ya zamani mno.",
  "contact-not-known": "seva haijui mawasiliano ya mwisho ya kaunta.",
  "lease-closed": "kutengwa kwake kuliisha, na ilitumika kwingine.",
  "not-an-agent": "duka hili haliruhusiwi kulipa vocha kwa taslimu.",
  "cash-out-not-allowed": "kanuni hairuhusu taslimu kwa vocha hii.",
  "over-cash-fee": "ada ilizidi inayoruhusiwa na kanuni.",
  "never-leased": "haikuwahi kutengwa kwa kaunta hii.",
  "too-late": "ilifika kwa seva ikiwa imechelewa.",
  "node-frozen": "kaunta hii imegandishwa.",
  "node-revoked": "kaunta hii imeondolewa.",
  forked: "seva ina shughuli nyingine za kaunta hii.",
  "earlier-operation-held": "shughuli ya awali ya kaunta hii imeshikiliwa.",
  recovery: "seva inarejeshwa.",
  "recovery-conflict": "seva iliyorejeshwa inasema vingine.",
  quarantined: "seva haikuweza kuisoma, na inaichunguza.",
};

export const refusal: Answers["refusal"] = {
  "already-redeemed-here": "Vocha hii ilipokelewa tayari kwenye kaunta hii {{at}} na {{actor}}.",
  "verdict-awaited":
    "Vocha hii ilitumwa kwa seva {{at}} na {{actor}}, na seva haijaamua bado. Angalia Historia.",
  "rejected-before": "Seva imekataa vocha hii kwenye kaunta hii kabla. Unganisha na ujaribu tena.",
  "not-leased-here":
    "Vocha hii haijatengwa kwa kaunta hii, hivyo haiwezi kukubaliwa bila muunganisho. Unganisha na ujaribu tena.",
  "no-such-serial": "Hakuna vocha yenye namba hii ya mfululizo. Angalia tarakimu.",
  "at-other-till": "Vocha hii imetengwa kwa {{till}} ya duka hili hadi {{until}}. Mpeleke mteja huko.",
  "leased-elsewhere":
    "Vocha hii imetengwa kwa duka jingine{{place}}, ambalo linaombwa kuirudisha. Mpeleke mteja huko, au jaribu tena baada ya dakika chache; kufikia {{until}} itakuwa huru.",
  "lease-given-back": "Kaunta hii imerudisha vocha hii. Unganisha na ujaribu tena.",
  "token-needed":
    "Vocha hii haijatengwa kwa kaunta hii: namba ya mfululizo pekee haitoshi. Soma msimbo wa mraba.",
  "lease-not-valid":
    "Kutengwa kwa vocha hii hakukuweza kuthibitishwa. Sawazisha na ujaribu tena; likitokea tena, mpigie mwendeshaji.",
  "lease-ended": "Kutengwa kwa vocha hii kuliisha {{until}}. Unganisha, sawazisha na ujaribu tena.",
  "voucher-expired": "Muda wa vocha hii uliisha {{until}}. Haiwezi kukubaliwa tena.",
  "wrong-number":
    "Namba iliyo chini ya sehemu ya kukwangua hailingani na vocha hii. Angalia tarakimu kumi na sita.",
  "clock-not-trusted":
    "Kaunta hii iliwashwa upya, au saa yake ilibadilishwa, na haijawasiliana na seva tangu hapo. Unganisha na usawazishe.",
  "over-unanchored-hours":
    "Saa haijathibitishwa na mawasiliano ya mwisho ni ya zamani mno. Unganisha na usawazishe.",
  "over-unanchored-amount":
    "Saa haijathibitishwa na kimekubaliwa chote ambacho kanuni inaruhusu hapo. Unganisha na usawazishe.",
  "clock-off": "Saa ya kompyuta hii iko mbali mno na ya seva. Irekebishe, unganisha na usawazishe.",
  "at-risk-not-allowed":
    "Hakuna kanuni inayoruhusu kaunta hii kukubali vocha bila muunganisho. Unganisha na ujaribu tena.",
  "policy-not-fetched": "Kuna kanuni mpya ambayo kaunta hii haina bado. Unganisha na usawazishe.",
  "policy-expired": "Kanuni ya kukubali vocha bila muunganisho imeisha. Unganisha na usawazishe.",
  "currency-not-allowed":
    "Hakuna kinachokubaliwa kwa sarafu hii bila muunganisho. Unganisha na ujaribu tena.",
  "over-amount": "Thamani ya vocha hii inazidi inayokubaliwa bila muunganisho. Unganisha na ujaribu tena.",
  "over-sum":
    "Kwa vocha hii kaunta ingekubali zaidi ya kinachoruhusiwa tangu usawazishaji wa mwisho. Unganisha na usawazishe.",
  "over-count":
    "Kaunta hii imekubali vocha zote zinazoruhusiwa tangu usawazishaji wa mwisho. Unganisha na usawazishe.",
  "over-hours": "Usawazishaji wa mwisho ni wa zamani kuliko inavyoruhusiwa. Unganisha na usawazishe.",
  "deny-list-too-old":
    "Orodha ya vocha za kukataliwa ya kaunta hii ni ya zamani mno. Unganisha na usawazishe.",
  "voucher-denied": "Vocha hii lazima ikataliwe: ilitumika, ilifutwa, ilisimamishwa au ilizuiwa.",
  "wrong-merchant-group":
    "Duka hili haliruhusiwi kupokea vocha za kundi hili. Uliza mpango ni maduka gani yanaruhusiwa.",
  "node-stopped":
    "Kaunta hii imesimama na haikubali kitu tena, ili vocha yoyote isipokelewe mara mbili ({{because}}). Sawazisha kilichobaki, na uombe msimbo mpya wa usajili kwa mwendeshaji.",
  "node-frozen": "Mwendeshaji ameigandisha kaunta hii. Mpigie mwendeshaji.",
  "node-revoked": "Mwendeshaji ameiondoa kaunta hii. Mpigie mwendeshaji.",
  "token-not-genuine": "Msimbo wa mraba si wa vocha halisi, au haukusomwa wote. Usome tena.",
  "token-of-another-voucher": "Msimbo wa mraba na namba ya mfululizo ni vya vocha tofauti.",
  "given-back-before": "Kaunta hii imeirudisha vocha hii tayari.",
  "redeemed-here": "Vocha hii ilipokelewa kwenye kaunta hii, hivyo haiwezi kurudishwa.",
  "malformed-server-url": "Anwani ya seva haisomeki. Inafanana na https://payments.example.org",
  "server-without-tls":
    "Anwani ya seva hii haina TLS (https). Seva iliyo kwenye mashine hii tu ndiyo inaweza kukosa.",
  "already-enrolled": "Kaunta hii imesajiliwa tayari.",
  "wrong-passphrase": "Hili si nenosiri la kaunta hii.",
  "passphrase-too-short": "Nenosiri ni fupi mno: angalau herufi nane.",
  "answer-not-trusted":
    "Jibu la seva halikuweza kuthibitishwa, hivyo halikutumika. Mpigie mwendeshaji kabla ya kuamini muunganisho huu.",
  "supervisor-needed": "Msimamizi tu ndiye anaweza kufanya hili.",
  "not-oneself": "Hakuna anayeweza kujiondoa mwenyewe. Msimamizi mwingine anaweza.",
  "cash-paid-out":
    "Pesa taslimu zimelipwa tayari, hivyo mwanzo hauwezi kubadilishwa. Weka au toa pesa badala yake.",
  "currency-twice": "Kila sarafu inaweza kutajwa mara moja tu.",
  "not-an-amount": "Hiki si kiasi cha sarafu hiyo.",
  "not-an-agent": "Duka hili si wakala: haliruhusiwi kulipa vocha kwa taslimu.",
  "cash-out-not-allowed": "Kanuni ya mwendeshaji hairuhusu vocha hii kulipwa taslimu.",
  "over-cash-fee": "Ada inazidi inayoruhusiwa na kanuni.",
  "authenticate-first": "Rejista haijajibu sasa hivi kuhusu vocha hii. Iulize tena.",
  "passphrase-needed": "Kompyuta hii haitunzi funguo: chagua nenosiri.",
  "no-key-store": "Kaunta hii hufunguliwa kwa nenosiri pekee, lililochaguliwa iliposajiliwa.",
  "key-store-failed":
    "Hifadhi ya funguo ya kompyuta hii haifanyi kazi. Tumia nenosiri, au mwite anayeitunza kompyuta.",
  "no-such-cashier": "Hakuna mtu mwenye jina hilo.",
  "wrong-pin": "Hii si PIN sahihi.",
  wait: "PIN nyingi zisizo sahihi. Jaribu tena baada ya {{until}}.",
  "name-taken": "Mtu mwingine ana jina hili tayari.",
  "sign-in-first": "Ingia kabla ya kuongeza mtu.",
  unreachable: "Seva haifikiki. Kila kitu kimehifadhiwa na kitatumwa baadaye.",
  "allowance-spent": "Kinachoruhusiwa kutumika kwa muunganisho leo kimeisha. Kila kitu kimehifadhiwa.",
  busy: "Seva inaomba kusubiri. Kila kitu kimehifadhiwa; jaribu tena baada ya dakika chache.",
  refused: "Seva ilikataa: {{reason}}. Kila kitu kimehifadhiwa. Mpigie mwendeshaji.",
  "older-server": "Seva inatumia nakala ya zamani ya data yake. Kila kitu kimehifadhiwa. Mpigie mwendeshaji.",
  "heads-never-match":
    "Kaunta na seva hazikubaliani kuhusu kilichotumwa. Kila kitu kimehifadhiwa. Mpigie mwendeshaji.",
  "not-stored": "Kaunta hii haikuweza kuandika kwenye diski yake. Tengeneza nafasi na usawazishe tena.",
  stopped: "Kaunta hii imesimama ({{because}}). Mpigie mwendeshaji.",
  "no-verdict": "Bado hakuna uamuzi kuhusu shughuli hii. Sawazisha na ujaribu tena.",
  "no-such-operation": "Kaunta hii haina shughuli hiyo.",
  "nothing-to-export": "Hakuna kinachosubiri kutumwa, hivyo hakuna faili iliyoandikwa.",
  "not-an-answer": "Hili si jibu la seva.",
  "not-trusted":
    "Faili hii haikusainiwa na seva ya kaunta hii, au ilibadilishwa njiani. Hakuna kilichotumika ndani yake.",
  "another-node": "Jibu hili ni la kaunta nyingine. Hakuna kilichotumika ndani yake.",
  "unknown-operation":
    "Jibu hili linahusu shughuli ambazo kaunta hii haina. Hakuna kilichotumika ndani yake. Mpigie mwendeshaji.",
  "another-operation":
    "Jibu hili linahusu shughuli ambazo kaunta hii haina. Hakuna kilichotumika ndani yake. Mpigie mwendeshaji.",
  "verdict-missing": "Jibu hili halijakamilika. Hakuna kilichotumika ndani yake. Mpigie mwendeshaji.",
  "not-a-carried-queue": "Hii si faili kamili iliyohifadhiwa na kaunta. Hakuna kilichotumwa.",
  "answer-not-readable": "Jibu la seva halisomeki. Jaribu tena; likitokea tena, mpigie mwendeshaji.",
  "unknown-group": "Hakuna kundi kama hilo.",
  "never-leased-at-risk": "Vocha za kundi hili hazitengwi kamwe: hupokelewa kwa muda.",
  "node-not-accepting": "Duka hili haliruhusiwi kukubali vocha za kundi hili.",
  "node-holds-too-many": "Kaunta hii haiwezi kushika zaidi; mwendeshaji anaweza kuruhusu zaidi.",
  "none-left": "Hakuna vocha zaidi za kundi hili za kugawa.",
  "disk-not-writable":
    "Kaunta hii haikuweza kuandika kwenye diski yake. Hakuna kilichokubaliwa. Tengeneza nafasi na ujaribu tena.",
  "database-damaged":
    "Hifadhidata ya kaunta hii imeharibika. Hakuna kilichokubaliwa. Acha folda yake ilivyo na umpigie mwendeshaji.",
  "not-possible-now": "Hilo haliwezekani sasa.",
  "no-answer":
    "Kituo hakikujibu, kwa hiyo haijulikani kama imefanyika. Bonyeza tena: haitafanyika mara mbili.",
  "not-let-in": "Kituo hakiutambui tena ukurasa huu. Anzisha programu upya, na ufungue anwani inayoonyeshwa.",
  "ask-registry-later":
    "Rejista haijathibitisha mara nyingi mno. Mtambue mtu kwa njia nyingine, au uliza tena baada ya {{until}}.",
  "too-many-questions":
    "Rejista haijathibitisha mara nyingi mno. Mtambue mtu kwa njia nyingine, au uliza tena baada ya saa moja.",
  "registry-away": "Rejista haikujibu. Mtambue mtu kwa taarifa zilizochapishwa au kwa picha.",
  "registry-not-available":
    "Seva hii haiulizi rejista yoyote. Mtambue mtu kwa taarifa zilizochapishwa au kwa picha.",
  "unknown-code":
    "Hakuna msimbo kama huo, au muda wake umeisha. Uangalie herufi kwa herufi, au omba mpya kwa mwendeshaji wako.",
  "used-code": "Msimbo huu ulitumiwa na mashine nyingine. Omba mpya kwa mwendeshaji wako.",
  "expired-code": "Muda wa msimbo huu umeisha. Omba mpya kwa mwendeshaji wako.",
  "not-possible": "Rufaa husikilizwa mara moja, baada ya kukataliwa. Sawazisha uone hali yake.",
  "no-such-dispute": "Seva haijui mgogoro huo. Sawazisha uangalie tena.",
  malformed: "Hilo halikusomeka. Angalia ulichoandika.",
  unexpected: "Kuna kosa lisilotarajiwa. Hakuna kilichokubaliwa. Mpigie mwendeshaji.",
  unknown: "Kaunta ilisema: {{code}}.",
};
