// One way to read what every SDK generation returns.
//
// Interactions and streams are read in the words of the current revision (steps,
// step.delta); replies of the older one (outputs, content.delta) are put into them.
// Nothing here hides a difference that a behaviour is about: those read the object.

/** The steps of an interaction; outputs of text become model_output steps. */
export function steps(interaction) {
  if (interaction.steps !== undefined) return interaction.steps;
  return (interaction.outputs ?? []).map((output) =>
    output.type === "text" ? { type: "model_output", content: [output] } : output,
  );
}

/** The text of the model's answers, joined. */
export function text(interaction) {
  return steps(interaction)
    .filter((step) => step.type === "model_output")
    .flatMap((step) => step.content)
    .filter((content) => content.type === "text")
    .map((content) => content.text)
    .join("");
}

export function calls(interaction) {
  return steps(interaction).filter((step) => step.type === "function_call");
}

export function thoughts(interaction) {
  return steps(interaction).filter((step) => step.type === "thought");
}

/** What the scripted `echo` model was asked: its answer is the request it got. */
export function asked(interaction) {
  return JSON.parse(text(interaction));
}

/** Role and text of each message that the model got. */
export function messages(interaction) {
  return asked(interaction).messages.map(({ role, content }) => [role, plain(content)]);
}

function plain(content) {
  if (!Array.isArray(content)) return content;
  return content.map((part) => part.text).join("");
}

/** A history to send with `store: false`: turns or steps, as the generation has it. */
export function history(legacy, question, interaction, results) {
  if (legacy) {
    return [
      { role: "user", content: question },
      { role: "model", content: interaction.outputs },
      { role: "user", content: results },
    ];
  }
  const asking = { type: "user_input", content: [{ type: "text", text: question }] };
  return [asking, ...interaction.steps, ...results];
}

const LEGACY_WORDS = {
  "interaction.start": "interaction.created",
  "interaction.complete": "interaction.completed",
  "content.start": "step.start",
  "content.delta": "step.delta",
  "content.stop": "step.stop",
};

/** The name of an event in the words of the current revision. */
export function kind(event) {
  return LEGACY_WORDS[event.event_type] ?? event.event_type;
}

/** Read a stream to its end. */
export async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return new Transcript(events);
}

/** The events of one stream, and what they add up to. */
export class Transcript {
  constructor(events) {
    this.events = events;
    this.kinds = events.map(kind);
  }

  /** The events of one kind. */
  of(name) {
    return this.events.filter((event) => kind(event) === name);
  }

  get deltas() {
    return this.of("step.delta").map((event) => event.delta);
  }

  get text() {
    return this.deltas
      .filter((delta) => delta.type === "text")
      .map((delta) => delta.text)
      .join("");
  }

  get thought() {
    return this.deltas
      .filter((delta) => delta.type === "thought_summary")
      .map((delta) => delta.content.text)
      .join("");
  }

  get signatures() {
    return this.deltas
      .filter((delta) => delta.type === "thought_signature")
      .map((delta) => delta.signature);
  }

  get id() {
    return this.of("interaction.created")[0].interaction.id;
  }

  /** The interaction of the terminal event. */
  get completed() {
    return this.of("interaction.completed").at(-1)?.interaction;
  }

  get errors() {
    return this.of("error").map((event) => event.error);
  }

  /** Calls put together from their start and their argument fragments. */
  get calls() {
    const found = new Map();
    for (const event of this.events) {
      const step = event.step ?? event.delta;
      if (step?.type === "function_call") {
        found.set(event.index, { ...step, fragments: [] });
      } else if (step?.type === "arguments_delta") {
        found.get(event.index).fragments.push(step.arguments);
      }
    }
    return [...found.values()].map((call) =>
      call.fragments.length > 0
        ? { ...call, arguments: JSON.parse(call.fragments.join("")) }
        : call,
    );
  }
}
