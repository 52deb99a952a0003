/** The version of Pulumi whose files and behaviour this engine follows. */
export const pulumiVersion = "3.260.0";
