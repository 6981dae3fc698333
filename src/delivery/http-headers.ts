/** Headers of the requests that services send out of the region. */

export const jsonHeaders = { "content-type": "application/json; charset=utf-8" } as const;

export const formHeaders = { "content-type": "application/x-www-form-urlencoded" } as const;
