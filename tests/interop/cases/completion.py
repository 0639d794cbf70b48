"""Completion of thalweg, asked of the real shells."""

import os
import subprocess

from harness import paths
from harness.case import Case, Context, Registry
from harness.outcome import Skip, expect

registry = Registry()


def _complete(context: Context, shell: str, script: str, brokers: str) -> set[str]:
    binary = paths.thalweg_binary()
    link = context.folder / "thalweg"
    if not link.exists():
        link.symlink_to(binary.resolve())
    environment = {**os.environ, "PATH": f"{context.folder}:{os.environ['PATH']}", "THALWEG_BROKERS": brokers,
                   "HOME": str(context.folder)}
    try:
        done = subprocess.run([shell, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise Skip(f"{shell} is not installed") from None
    expect(done.returncode == 0 and not done.stderr, f"{shell}: exit {done.returncode}: {done.stderr}")
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


# How each shell is asked what may follow WORDS.
_SCRIPTS = {
    "bash": 'source <(thalweg completion bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
            'its=$(complete -p $COMP_WORDS); its=${{its##*-F }}; ${{its%% *}}; '
            'printf "%s\\n" "${{COMPREPLY[@]}}"',
    # Outside of the line editor compadd has nobody to add to; everything else is the shell's own.
    "zsh": 'autoload -Uz compinit && compinit -u; source <(thalweg completion zsh); '
           'compadd() {{ shift; print -rl -- ${{(M)@:#$words[-1]*}}; }}; words=({words}); CURRENT=$#words; _thalweg',
    "fish": 'thalweg completion fish | source; complete -C "{line}"',
}


def completion(shell: str):
    def body(context: Context) -> None:
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        topic = context.prefix + "completed"
        context.run([str(paths.thalweg_binary()), "topic", "create", topic, "--brokers", context.broker.bootstrap])

        def after(*words: str, program: str = "thalweg", brokers: str = context.broker.bootstrap) -> set[str]:
            quoted = " ".join(f"'{word}'" for word in (program, *words))
            return _complete(context, shell, _SCRIPTS[shell].format(words=quoted, line=" ".join((program, *words))), brokers)
        for words, some in [(("",), {"topic", "produce", "server", "completion"}), (("topic", ""), {"create", "describe"}),
                            (("topic", "del"), {"delete"}), (("topic", "create", "x", "--par"), {"--partitions"}),
                            (("topic", "list", "--output", ""), {"table", "json"}), (("topic", "describe", context.prefix), {topic}),
                            (("config", "get", "--topic", context.prefix), {topic}), (("completion", ""), {"bash", "zsh", "fish"})]:
            found = after(*words)
            expect(some <= found, f"after {words}: {sorted(found)} lacks {sorted(some - found)}")
        for words, some in [(("config", "set", "reten"), {"retention.ms=", "retention.bytes="}), (("config", "unset", "reten"), {"retention.ms"}),
                            (("config", "set", "--broker", "1", "log.reten"), {"log.retention.ms="}), (("consume", "x", "--from", ""), {"start", "end"})]:
            found = after(*words)
            expect(some <= found, f"after {words}: {sorted(found)} lacks {sorted(some - found)}")
        host, port = context.broker.bootstrap.split(":")
        # As bash splits it, and as the others do.
        address = (host, ":", port) if shell == "bash" else (context.broker.bootstrap,)
        for words, program in [(("topic", "describe", "--brokers", *address, context.prefix), "thalweg"),
                               (("--bootstrap-server", *address, "--topic", context.prefix), "kafka-topics")]:
            expect(topic in after(*words, program=program, brokers="127.0.0.1:1"), f"{program} does not ask the brokers of the line")
        expect({"--from-beginning"} <= after("--from", program="kafka-console-consumer"), "the options of a Kafka tool are not known")
        expect({"describe"} <= after("desc", program="kafka-features"), "the commands of a Kafka tool are not known")
        expect("create" not in after("topic", "del"), "what does not begin as typed is offered")
    return body


for _shell in _SCRIPTS:
    registry.add(Case(f"completion/{_shell}", completion(_shell), limit_seconds=60))
