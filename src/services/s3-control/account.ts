/** Requests to S3 Control name the account whose things they are about. */

export interface NamesAccount {
  readonly AccountId: string;
}

export const ofAccount = {
  owner: ({ AccountId }: NamesAccount) => ({ account: AccountId }),
};

/** What an account has once, whatever the region, is in its cell for all regions. */
export const ofAccountEverywhere = {
  owner: ({ AccountId }: NamesAccount) => ({ account: AccountId, region: "aws-global" }),
};
