r"""Prompt marks (OSC 133) and the working directory (OSC 7) from bash, without a change to any of the person's files.

bash reads `BASH_SETUP` in place of ~/.bashrc, through a descriptor that it closes again. It first does what a login shell does:
/etc/profile, then ~/.bash_profile, ~/.bash_login or ~/.profile, or ~/.bashrc where there is none of them. Then it adds to
PROMPT_COMMAND, PS0 and PS1 what marks them and keeps what is there; exit statuses stay what they were. Other shells start
as login shells, unmarked.
"""

BASH_SETUP = r"""exec 3<&-
[ -r /etc/profile ] && . /etc/profile
if [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile
elif [ -r ~/.bashrc ]; then . ~/.bashrc
fi
__aether_ran= __aether_none= __aether_cwd=
__aether_status() {
  local status=$?
  if [ -n "$__aether_ran" ]; then __aether_ran=; printf '\e]133;D;%s\e\\' "$status"; fi
  return "$status"
}
__aether_prompt() {
  local status=$? LC_ALL=C index char number path=
  if [ "$PWD" != "$__aether_cwd" ]; then
    __aether_cwd=$PWD
    for ((index = 0; index < ${#PWD}; index++)); do
      char=${PWD:index:1}
      case $char in
        [a-zA-Z0-9/._~-]) path+=$char ;;
        *) printf -v number %d "'$char"; printf -v char '%%%02X' "$((number & 255))"; path+=$char ;;
      esac
    done
    printf '\e]7;file://%s%s\e\\' "$HOSTNAME" "$path"
  fi
  case ${PS1-} in
    *'133;A'*) ;;
    *) PS1='\[\e]133;A\a\]'${PS1-}'\[\e]133;B\a\]' ;;
  esac
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


def login_shell(shell: str) -> tuple[str, ...]:
    """How the person's own shell is started; `shell` is its path."""
    if shell.rpartition("/")[2] == "bash":
        return ("/bin/sh", "-c", RUN_BASH, "sh", shell)
    return (shell, "-l")
