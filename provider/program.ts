/** The node program for the ordinary CLI: `main` of the project in every lane's folder. */
import { registry } from "./registry";
import { RegistryNodeProgram } from "./node-program";

/** Who runs it by hand decides; the hooks are registered all the same, because the stack's state names them. */
const permit = (): Promise<void> => Promise.resolve();

const declare = (): Promise<void> => new RegistryNodeProgram(registry).declare({ withoutVm: new Set(), permit });

export = declare;
