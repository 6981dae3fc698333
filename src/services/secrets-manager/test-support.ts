/** What the tests of Secrets Manager share: the name and the text of a refusal. */

/** `Name: text`, which is what callers see of a refusal. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    throw error;
  }
  return "no refusal";
}
