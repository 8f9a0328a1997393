"""``lvsnet completion``: what a shell needs to complete lvsnet's command lines.

A script asks ``_LVSNET_COMPLETE=SHELL lvsnet ...``, and is answered (`lvsnet.cli.complete`) with a
first line that says which of this machine's paths go as well: ``files``, ``directories``, ``yaml``
(directories and lab files) or ``nothing``; then with a line ``VALUE TAB HELP`` for each candidate.
One that ends with a colon or a slash goes on without a space.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Bash 4.4, zsh 5 and fish 3.1, or later ones."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell.", show_default=False)],
) -> None:
    """Print the script that completes commands, options, labs, nodes and files in a shell.

    \b
    Bash, in ~/.bashrc:     source <(lvsnet completion bash)
    Zsh, in ~/.zshrc, after compinit:
                            source <(lvsnet completion zsh)
    Fish, once:             lvsnet completion fish >~/.config/fish/completions/lvsnet.fish

    \b
    For all users, instead, as files:
      /usr/share/bash-completion/completions/lvsnet   (package bash-completion)
      /usr/local/share/zsh/site-functions/_lvsnet
      /usr/share/fish/vendor_completions.d/lvsnet.fish
    """
    typer.echo(SCRIPTS[shell], nl=False)


# COMPREPLY replaces what follows the last colon or equals sign, where bash splits words at them.
# Without other candidates readline's own completion of paths does, which knows quotes and tildes.
_BASH = r"""# bash completion for lvsnet
_lvsnet() {
    local -a reply paths=()
    local line value current=$2
    [[ $current == [=:] ]] && current=
    mapfile -t reply < <(
        _LVSNET_COMPLETE=bash COMP_WORDBREAKS=$COMP_WORDBREAKS \
            "${1/#\~/$HOME}" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
    )
    COMPREPLY=()
    for line in "${reply[@]:1}"; do
        value=${line%%$'\t'*}
        COMPREPLY+=("$value")
        [[ $value == *[:/] ]] && compopt -o nospace
    done
    case ${reply[0]-} in
        files) mapfile -t paths < <(compgen -f -- "$current") ;;
        directories) mapfile -t paths < <(compgen -d -- "$current") ;;
        yaml) mapfile -t paths < <(
            compgen -d -- "$current"
            compgen -f -X '!*.yaml' -- "$current"
            compgen -f -X '!*.yml' -- "$current"
        ) ;;
        *) return ;;
    esac
    if ((${#COMPREPLY[@]} == 0)); then
        compopt -o filenames -o default
        COMPREPLY=("${paths[@]}")
        return
    fi
    for value in "${paths[@]}"; do
        if [[ -d $value ]]; then
            value+=/
            compopt -o nospace
        fi
        COMPREPLY+=("$(printf %q "$value")")
    done
}
complete -F _lvsnet lvsnet
"""

_ZSH = r"""#compdef lvsnet
_lvsnet() {
    local -a reply ends goes_on
    local line value described kind
    reply=("${(@f)$(
        _LVSNET_COMPLETE=zsh ${~${(Q)words[1]}} \
            "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null
    )}")
    kind=$reply[1]
    for line in "${(@)reply[2,-1]}"; do
        value=${line%%$'\t'*}
        described=${value//:/\\:}
        [[ $line == *$'\t'?* ]] && described+=:${line#*$'\t'}
        case $value in
            *[:/]) goes_on+=("$described") ;;
            *) ends+=("$described") ;;
        esac
    done
    (( $#ends )) && _describe -t values value ends
    (( $#goes_on )) && _describe -t nodes node goes_on -S ''
    [[ $PREFIX == --*=* ]] && compset -P '*='
    case $kind in
        files) _files ;;
        directories) _files -/ ;;
        yaml) _files -g '*.(yaml|yml)(-.)' ;;
    esac
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _lvsnet "$@"
else
    compdef _lvsnet lvsnet
fi
"""

_FISH = r"""# fish completion for lvsnet
function __lvsnet_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l reply (env _LVSNET_COMPLETE=fish $program $words "$current" 2>/dev/null)
    for line in $reply[2..-1]
        string trim --right --chars \t -- $line
    end
    switch "$reply[1]"
        case files
            __fish_complete_path $current
        case directories
            __fish_complete_directories $current
        case yaml
            __fish_complete_path $current | string match --regex '^[^\t]*(?:/|\.ya?ml)(?:\t.*)?$'
    end
end
complete --command lvsnet --no-files --arguments '(__lvsnet_complete)'
"""

SCRIPTS = {Shell.bash: _BASH, Shell.zsh: _ZSH, Shell.fish: _FISH}
