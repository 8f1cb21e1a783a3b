import { execFile, execFileSync } from "node:child_process";

const python = "/usr/bin/python3";

/** Why python3-grpcio cannot be used here, or undefined when it can. */
export function pythonGrpcMissing(modules = "grpc, grpc_tools.protoc"): string | undefined {
  try {
    execFileSync(python, ["-c", `import ${modules}`], { stdio: "pipe" });
    return undefined;
  } catch {
    return "python3-grpcio is not installed (apt-get install python3-grpcio python3-grpc-tools)";
  }
}

/** Runs a Python program to its end; rejects with what it said on stderr. */
export function runPython(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(python, args, { cwd, timeout: 15_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`python: ${stderr || error.message}`));
    });
  });
}
