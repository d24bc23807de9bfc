// All behaviours: [name, async (context) => …]. Those that wait for the SDK's own
// retries come first, so that the others run meanwhile.

import { background } from "./background.mjs";
import { errors } from "./errors.mjs";
import { files } from "./files.mjs";
import { functions } from "./functions.mjs";
import { loops } from "./loops.mjs";
import { formats } from "./formats.mjs";
import { generated } from "./generated.mjs";
import { inputs } from "./inputs.mjs";
import { media } from "./media.mjs";
import { refusals } from "./refusals.mjs";
import { replies } from "./replies.mjs";
import { routes } from "./routes.mjs";
import { state } from "./state.mjs";
import { streams } from "./streams.mjs";
import { thoughts } from "./thoughts.mjs";

const groups = [
  errors,
  files,
  inputs,
  media,
  generated,
  replies,
  formats,
  thoughts,
  state,
  functions,
  loops,
  streams,
  background,
  refusals,
  routes,
];

export const behaviours = groups.flatMap((group) => Object.entries(group));
