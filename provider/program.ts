/** The node program for the ordinary CLI: `main` of the project in every lane's folder. */
import { registry } from "./registry";
import { RegistryNodeProgram } from "./node-program";

const declare = (): Promise<void> => new RegistryNodeProgram(registry).declare({ withoutVm: new Set() });

export = declare;
