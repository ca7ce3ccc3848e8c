/** All cases, in the order in which they are measured. */
import type { Case } from "./case.ts";
import { catchingUp } from "./cases/catching-up.ts";
import { click } from "./cases/click.ts";
import { counts } from "./cases/counts.ts";
import { decisions } from "./cases/decisions.ts";
import { ledger } from "./cases/ledger.ts";
import { memory } from "./cases/memory.ts";
import { paging } from "./cases/paging.ts";
import { start } from "./cases/start.ts";
import { webhook } from "./cases/webhook.ts";

export const CASES: readonly Case[] = [counts, webhook, click, decisions, paging, start, catchingUp, ledger, memory];
