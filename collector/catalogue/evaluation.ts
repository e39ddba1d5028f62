/** How often Prometheus evaluates each group of rules, in seconds: what is shown for less time may pass unseen. */
export const evaluationSeconds = { fast: 5, slow: 15, pipeline: 15 } as const;
