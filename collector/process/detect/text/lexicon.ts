/**
 * Words by the part they play when a text tells its reader what to do, in the languages that mail is mostly written in.
 * Single words, sorted, from general usage: never a phrase of a known attack, which one misspelt word would defeat and
 * which would only find itself. What a sentence of them means is for the detectors.
 */
import { folded } from './fold.ts';
import { HASH_START, hashNext, mix } from './hash.ts';

/** Bits of a word. */
export const Word = {
  /** Sets aside what was said. */
  override: 1,
  /** What was said before. */
  prior: 1 << 1,
  /** Instructions, rules, tasks. */
  orders: 1 << 2,
  /** A language model or its agent. */
  model: 1 << 3,
  /** Whoever the agent works for. */
  user: 1 << 4,
  /** Says something to somebody. */
  tell: 1 << 5,
  /** Not. */
  negation: 1 << 6,
  /** Unseen by others, by itself. */
  secret: 1 << 7,
  /** Obliges: must, please, required. */
  oblige: 1 << 8,
  /** Puts something ahead: first, before, instead. */
  ahead: 1 << 9,
  /** Goes back to what was being done. */
  resume: 1 << 10,
  /** The reader. */
  you: 1 << 11,
  /** Who may give a machine orders. */
  authority: 1 << 12,
  /** A text to somebody. */
  notice: 1 << 13,
  /** Presses: urgent, important. */
  urgent: 1 << 14,
  /** Tells to do something, in the form of a command. */
  command: 1 << 15,
  /** Begins or ends a block of a chat, when it stands in a tag. */
  role: 1 << 16,
  /** Names something that opens a door. */
  credential: 1 << 20,
} as const;

const lists: readonly [bits: number, words: string][] = [
  [
    Word.override,
    'abandon bypass cancel circumvent discard disregard drop forget ignore ignored ignoring neglect omit override overrides overriding replace skip supersede supersedes suspend void ' +
      'ignoriere ignorieren vergesse vergessen vergiss missachte verwirf ' +
      'descarta ignora ignorar ignoren olvida olvide olviden omite ' +
      'ignorez laissez oubliez oublie faites-abstraction ' +
      'dimentica ignorate trascura tralascia ' +
      'desconsidere esqueca ignore negeer vergeet zignoruj zapomnij',
  ],
  [
    Word.prior,
    'above beginning earlier existing foregoing former initial original originally preceding previous previously prior so-far ' +
      'bisherige bisherigen obige obigen urspruengliche ursprunglichen vorherige vorherigen vorigen ' +
      'anterior anteriores previas previo previos original ' +
      'anterieur anterieure anterieures initiales initiale precedente precedentes precedents ' +
      'iniziali precedenti vorige eerdere poprzednie wczesniejsze',
  ],
  [
    Word.orders,
    'assignment command commands direction directions directive directives guidance guideline guidelines instruction instructions job mission objective order orders policies prompt prompts protocol request requests restrictions rule rules task tasks todo ' +
      'anweisung anweisungen aufgabe aufgaben auftrag regeln vorgaben ' +
      'encargo instruccion instrucciones orden ordenes reglas tarea tareas ' +
      'consigne consignes directive regles tache taches ' +
      'compiti compito istruzione istruzioni regole ' +
      'instrucao instrucoes regras tarefa tarefas instructies opdracht taak polecenia zadanie',
  ],
  [
    Word.model,
    'agentic ai assistant assistants bard bot chatbot chatgpt claude copilot gemini gpt grok llama llm llms mistral openai qwen ' +
      'assistent assistenz asistente assistente asystent deepseek ki-agent',
  ],
  [
    Word.user,
    'anyone anybody client customer human owner somebody user users nutzer benutzer usuario utilisateur utente gebruiker',
  ],
  [
    Word.tell,
    'acknowledge alert announce ask confirm disclose discuss explain inform mention notice notify report reveal say see show tell telling mentioning informing asking notifying ' +
      'erwaehne erwahne informiere sage zeige avise informe menciones muestres digas dites informez mentionnez dire menzionare informare',
  ],
  [
    Word.negation,
    'avoid cannot don dont never no nobody not nothing without wont ohne nicht kein keinen niemals nunca jamas sin jamais pas sans mai senza sem nao niet zonder nie bez',
  ],
  [
    Word.secret,
    'covertly discreetly hidden invisible invisibly quietly secretly silently unnoticed unseen heimlich stillschweigend secretamente silencio discretement secretement segretamente',
  ],
  [
    Word.oblige,
    'ensure essential have kindly mandatory must necessary need needed needs ought please remember require required requires shall should sure ' +
      'bitte muss muessen mussen sollst musst soll unbedingt ' +
      'debe debes deben debera favor necesario obligatorio hay ' +
      'devez dois doit faut merci obligatoire veuillez priere ' +
      'deve devi occorre perfavore deve-se precisa alstublieft moet prosze musisz nalezy',
  ],
  [
    Word.ahead,
    'ahead before beforehand first firstly immediately instead now prior-to priority then ' +
      'zuerst zunaechst zunachst bevor vorher stattdessen sofort antes primero ahora cambio luego abord avant immediatement maintenant plutot prima subito adesso invece primeiro agora eerst najpierw teraz',
  ],
  [
    Word.resume,
    'afterward afterwards carry complete continue finish proceed resume return subsequently ' +
      'danach anschliessend fortfahren weitermachen despues continua continuar reanuda ensuite poursuivez continuez reprenez dopo continuare prosegui depois daarna potem',
  ],
  [
    Word.you,
    'u you your yours yourself du dein deine deinen deiner dich dir ihnen ihre sie tu tus usted ustedes te ti vous votre vos toi lei tua tuo voce seu sua jij je jouw u uw twoje twoj',
  ],
  [
    Word.authority,
    'admin administrator developer developers maintainer operator root superuser supervisor system systems entwickler desarrollador developpeur sviluppatore systeme sistema',
  ],
  [
    Word.notice,
    'announcement communication information message messages note notice notification reminder statement mensaje nachricht messaggio hinweis avis aviso',
  ],
  [
    Word.urgent,
    'asap attention critical crucial crucially critically imperative important importantly urgent urgently vital warning dringend wichtig importante urgente important urgence wazne',
  ],
  [
    Word.command,
    'add append approve assign authorize book browse buy call cancel change click concatenate contact copy create deactivate delete deliver deploy disable download email enable enter erase execute export fetch fill find follow forward give grant install invite issue join launch list load log mail make message modify move navigate notify open order paste pay perform place post provide publish purchase push put read recommend redirect register remove rename rent reply reschedule reserve reset retrieve revoke run save say schedule send set share sign start submit subscribe switch tell terminate transfer transmit tweet unlock unsubscribe update upgrade upload use verify visit wire withdraw write ' +
      'aendere buche fuege loesche lösche oeffne öffne sende schicke teile ueberweise überweise zahle besuche erstelle leite lade rufe schreibe ändere füge ' +
      'abre agrega anade añade borra cambia compra comparte crea elimina envia envía invita paga publica reenvia reserva transfiere visita haz ' +
      'achetez ajoutez appelez changez creez envoyez effacez invitez ouvrez partagez payez publiez reservez supprimez transferez transférez virez visitez effectuez modifiez ecrivez ' +
      'aggiungi apri cancella condividi crea elimina inoltra invia invita paga prenota pubblica trasferisci visita scrivi ' +
      'abra adicione apague compartilhe envie exclua pague reserve transfira visite betaal boek deel maak open stuur verwijder wyslij przelej usun otworz zaplac',
  ],
  [
    Word.credential,
    'apikey authorization bearer code codes credential credentials key otp passcode passphrase passwd password passwords pin pwd secret secrets token tokens ' +
      'anmeldedaten clave codigo contraseña geheimnis haslo jeton kennwort passwort wachtwoord',
  ],
  [Word.role, 'assistant developer human inst instruction instructions sys system tool user'],
];

/** Shorter words have too many neighbours that are other words. */
const SHORTEST_MISSPELT = 6;
/** Words worth writing wrong on purpose. */
const MISSPELT = Word.override | Word.prior | Word.orders | Word.model | Word.authority;
const FIRST_LETTER = 97;

/** An open-addressed table from hashes to bits. */
class Meanings {
  readonly #hashes: Uint32Array;
  readonly #bits: Uint32Array;
  readonly #mask: number;

  constructor(slots: number) {
    this.#hashes = new Uint32Array(slots);
    this.#bits = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  of(hash: number): number {
    for (let slot = hash & this.#mask; this.#hashes[slot] !== 0; slot = (slot + 1) & this.#mask)
      if (this.#hashes[slot] === hash) return this.#bits[slot]!;
    return 0;
  }

  add(hash: number, bits: number): void {
    let slot = hash & this.#mask;
    while (this.#hashes[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = hash;
    this.#bits[slot]! |= bits;
  }
}

const words = new Meanings(1 << 12);
const slips = new Meanings(1 << 18);
/** One bit for each slip, to pass most words over without a look into the large table. */
const slipBits = new Uint32Array(1 << 15);

/** What a word with this hash (over folded letters) and so many letters can mean; 0 for most. */
export function meaningOf(hash: number, letters: number): number {
  const meaning = words.of(hash);
  if (meaning !== 0 || letters < SHORTEST_MISSPELT - 1) return meaning;
  return slipBits[hash >>> 17]! & (1 << ((hash >>> 12) & 31)) ? slips.of(hash) : 0;
}

/** The hash of a single word, as the scanner makes it. */
export function hashWord(word: string): number {
  let hash = HASH_START;
  for (let i = 0; i < word.length; i++) {
    const unit = folded[word.charCodeAt(i)] as number;
    if (unit !== 0) hash = hashNext(hash, unit);
  }
  return mix(hash);
}

/** Adds each spelling one slip away: a letter left out, doubled or wrong, or two swapped (Damerau's distance 1). */
function addSlips(word: string, bits: number): void {
  const letters = Array.from(word, (letter) => letter.charCodeAt(0));
  const rest = (hash: number, from: number) => {
    let whole = hash;
    for (let i = from; i < letters.length; i++) whole = hashNext(whole, letters[i]!);
    const slip = mix(whole);
    slips.add(slip, bits);
    slipBits[slip >>> 17]! |= 1 << ((slip >>> 12) & 31);
  };
  let before = HASH_START;
  letters.forEach((letter, i) => {
    rest(before, i + 1);
    const following = letters[i + 1];
    if (following !== undefined) rest(hashNext(hashNext(before, following), letter), i + 2);
    for (let other = FIRST_LETTER; other < FIRST_LETTER + 26; other++) {
      rest(hashNext(before, other), i);
      rest(hashNext(before, other), i + 1);
    }
    before = hashNext(before, letter);
  });
  for (let other = FIRST_LETTER; other < FIRST_LETTER + 26; other++)
    rest(hashNext(before, other), letters.length);
}

for (const [bits, list] of lists) {
  for (const word of list.split(' ')) {
    words.add(hashWord(word), bits);
    if (bits & MISSPELT && word.length >= SHORTEST_MISSPELT && /^[a-z]+$/.test(word)) addSlips(word, bits);
  }
}
