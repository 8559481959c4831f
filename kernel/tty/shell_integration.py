r"""Prompt marks (OSC 133) and the working directory (OSC 7) from bash, zsh and fish, without a change to any of the person's files.

bash reads `BASH_SETUP` in place of ~/.bashrc, through a descriptor that it closes again. It first does what a login shell does:
/etc/profile, then ~/.bash_profile, ~/.bash_login or ~/.profile, or ~/.bashrc where there is none of them. Then it adds to
PROMPT_COMMAND, PS0, PS1 and PS2 what marks them and keeps what is there; exit statuses stay what they were. For another size of the
window bash draws only the last line of PS1, or of PS2, and the command behind it: `redraw=last` says so. zsh reads the `.zshenv` of
the folder `zsh` beside this file, which gives ZDOTDIR back and reads the person's own. fish runs `FISH_SETUP` after its configuration,
and not from version 4 on, which marks its prompts itself. Other shells start as login shells, unmarked.
"""

from pathlib import Path

BASH_SETUP = r"""exec 3<&-
[ -r /etc/profile ] && . /etc/profile
if [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile
elif [ -r ~/.bashrc ]; then . ~/.bashrc
fi
__aether_ran= __aether_none= __aether_cwd= __aether_encoded=
__aether_status() {
  local status=$?
  if [ -n "$__aether_ran" ]; then __aether_ran=; printf '\e]133;D;%s\e\\' "$status"; fi
  return "$status"
}
__aether_prompt() {
  local status=$? LC_ALL=C index char number path= start='\[\e]133;A;redraw=last\a\]' end='\[\e]133;B\a\]'
  if [ "$PWD" != "$__aether_cwd" ]; then
    __aether_cwd=$PWD
    for ((index = 0; index < ${#PWD}; index++)); do
      char=${PWD:index:1}
      case $char in
        [a-zA-Z0-9/._~-]) path+=$char ;;
        *) printf -v number %d "'$char"; printf -v char '%%%02X' "$((number & 255))"; path+=$char ;;
      esac
    done
    __aether_encoded=$path
  fi
  printf '\e]7;file://%s%s\e\\' "$HOSTNAME" "$__aether_encoded"
  case ${PS1-} in
    *'133;A'*) ;;
    *) PS1=$start${PS1-}$end ;;
  esac
  if [[ ${PS1-} == "$start"* && ${PS2-} != *'133;'* ]]; then PS2=${PS2-}$end; fi
  case ${PS0-} in
    *'133;C'*) ;;
    *) PS0=${PS0-}'\e]133;C\a${__aether_none:$((__aether_ran = 1)):0}' ;;
  esac
  return "$status"
}
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  'declare -a'*) PROMPT_COMMAND=(__aether_status "${PROMPT_COMMAND[@]}" __aether_prompt) ;;
  *) PROMPT_COMMAND=$'__aether_status\n'${PROMPT_COMMAND-}$'\n__aether_prompt' ;;
esac
"""

#: For `sh -c`: becomes the bash in $1, set up by `BASH_SETUP`.
RUN_BASH = f"exec \"$1\" --rcfile /dev/fd/3 -i 3<<'AETHER_SETUP'\n{BASH_SETUP}AETHER_SETUP\n"

#: The shell of a sandbox: bash where there is one.
SANDBOX_SHELL = (
    "/bin/sh",
    "-c",
    f'found=$(command -v bash) || exec sh -l; set -- "$found"; {RUN_BASH}',
)


ZSH_FOLDER = str(Path(__file__).with_name("zsh"))

#: For `sh -c`: becomes the zsh in $1, which reads the `.zshenv` in the folder $2 first.
RUN_ZSH = """if [ -n "${ZDOTDIR+x}" ]; then AETHER_ZDOTDIR=$ZDOTDIR; export AETHER_ZDOTDIR; fi
ZDOTDIR=$2; export ZDOTDIR; exec "$1" -l"""

FISH_SETUP = r"""if string match -qr '^[0-3]\.' -- $version
  function __aether_tell_folder --on-event fish_prompt
    printf '\e]7;file://%s%s\e\\' $hostname (string escape --style=url -- $PWD)
  end
  function __aether_before_prompt --on-event fish_prompt
    printf '\e]133;A\a'
  end
  function __aether_before_command --on-event fish_preexec
    printf '\e]133;C\a'
  end
  function __aether_after_command --on-event fish_postexec
    printf '\e]133;D;%s\a' $status
  end
  functions -q fish_prompt; and functions -c fish_prompt __aether_own_prompt
  function fish_prompt
    __aether_own_prompt
    printf '\e]133;B\a'
  end
end
"""


def login_shell(shell: str) -> tuple[str, ...]:
    """How the person's own shell is started; `shell` is its path."""
    name = shell.rpartition("/")[2]
    if name == "bash":
        return ("/bin/sh", "-c", RUN_BASH, "sh", shell)
    if name == "zsh":
        return ("/bin/sh", "-c", RUN_ZSH, "sh", shell, ZSH_FOLDER)
    if name == "fish":
        return (shell, "-l", "-C", FISH_SETUP)
    return (shell, "-l")
