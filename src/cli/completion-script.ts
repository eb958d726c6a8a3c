/**
 * The completion of the command line as scripts for shells. Pure. What is completed by none of our
 * words, such as the value of `--store`, is left to the shell, which knows files.
 */
import type { CompletionOption, CompletionPlace } from "./completion-tree.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

type Places = readonly CompletionPlace[];

export function completionScript(shell: Shell, places: Places): string {
  switch (shell) {
    case "bash":
      return bashScript(places);
    case "zsh":
      return zshScript(places);
    case "fish":
      return fishScript(places);
  }
}

function bashScript(places: Places): string {
  const paths = places.filter(({ path }) => path.length > 0).map(({ path }) => path.join(" "));
  return `# Completion of tradelatch for bash. To have it always:
#   tradelatch completion bash > ~/.local/share/bash-completion/completions/tradelatch
_tradelatch() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" words="" index next
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    next="\${path:+$path }\${COMP_WORDS[index]}"
    case "$next" in
      ${paths.map((path) => `"${path}"`).join("|")}) path="$next" ;;
    esac
  done
  case "$path $previous" in
${places.flatMap(bashValues).join("\n")}
  esac
  if [ -z "$words" ]; then
    case "$path" in
${places.map(bashWords).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tradelatch tradelatch
`;
}

/** A value of few words is one of them, any other is left to the shell. */
function bashValues({ path, options }: CompletionPlace): readonly string[] {
  const place = path.join(" ");
  const valued = options.filter(({ takesValue }) => takesValue);
  return valued.map(({ name, choices }) => {
    const then = choices.length === 0 ? "return" : `words="${choices.join(" ")}"`;
    return `    "${place} ${name}") ${then} ;;`;
  });
}

function bashWords({ path, commands, options, values }: CompletionPlace): string {
  const names = [...commands, ...options].map(({ name }) => name);
  return `      "${path.join(" ")}") words="${[...values, ...names].join(" ")}" ;;`;
}

/** zsh runs what was written for bash. */
function zshScript(places: Places): string {
  return `#compdef tradelatch
# Completion of tradelatch for zsh. To have it always, in ~/.zshrc:
#   source <(tradelatch completion zsh)
(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
${bashScript(places).replace(/^#.*\n#.*\n/, "")}`;
}

function fishScript(places: Places): string {
  const lines = places.flatMap((place) => {
    const when = fishCondition(place, places);
    const start = `complete -c tradelatch -n ${quoted(when)}`;
    const commands = place.commands.map(
      ({ name, description }) => `${start} -f -a ${name} -d ${quoted(description)}`,
    );
    const values = place.values.map((value) => `${start} -f -a ${quoted(value)}`);
    const options = place.options.map((option) => fishOption(start, option));
    return [...commands, ...values, ...options];
  });
  return `# Completion of tradelatch for fish. To have it always:
#   tradelatch completion fish > ~/.config/fish/completions/tradelatch.fish
${lines.join("\n")}
`;
}

function fishCondition({ path, commands }: CompletionPlace, places: Places): string {
  const top = places[0]?.commands.map(({ name }) => name) ?? [];
  if (path.length === 0) return `not __fish_seen_subcommand_from ${top.join(" ")}`;
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const inner = commands.filter(({ name }) => name !== "help").map(({ name }) => name);
  const unseen = inner.length === 0 ? [] : [`not __fish_seen_subcommand_from ${inner.join(" ")}`];
  return [...seen, ...unseen].join("; and ");
}

function fishOption(start: string, option: CompletionOption): string {
  const { name, description, takesValue, choices } = option;
  const few = choices.length === 0 ? "" : ` -f -a ${quoted(choices.join(" "))}`;
  const value = takesValue ? ` -r${few}` : "";
  return `${start} -l ${name.replace(/^--/, "")}${value} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
