import { boxed } from "../../../../test/functions-plane.ts";
import { suite } from "../../../../test/functions-suite.ts";

if (await boxed("bubblewrap")) suite("bubblewrap");
