import { suite } from "../../../../test/functions-suite.ts";

suite("none");
