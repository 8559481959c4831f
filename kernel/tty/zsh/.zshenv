# Read by zsh in place of the person's own .zshenv: gives ZDOTDIR back, reads theirs, then marks prompts (OSC 133) and tells the
# working directory (OSC 7). See kernel/tty/shell_integration.py.
if [[ -n ${AETHER_ZDOTDIR+x} ]]; then
  export ZDOTDIR=$AETHER_ZDOTDIR
  unset AETHER_ZDOTDIR
else
  unset ZDOTDIR
fi
if [[ -r ${ZDOTDIR:-$HOME}/.zshenv ]]; then
  builtin source "${ZDOTDIR:-$HOME}/.zshenv"
fi
if [[ -o interactive ]]; then
  __aether_precmd() {
    local -i code=$?
    builtin emulate -L zsh
    builtin setopt no_multibyte
    if [[ -n ${__aether_ran-} ]]; then
      builtin printf '\e]133;D;%d\e\\' $code
      typeset -g __aether_ran=
    fi
    if [[ $PWD != "${__aether_cwd-}" ]]; then
      typeset -g __aether_cwd=$PWD
      local encoded= char= number=
      for char in ${(s::)PWD}; do
        if [[ $char == [a-zA-Z0-9/._~-] ]]; then
          encoded+=$char
        else
          builtin printf -v number '%d' "'$char"
          builtin printf -v char '%%%02X' $(( number & 255 ))
          encoded+=$char
        fi
      done
      typeset -g __aether_encoded=$encoded
    fi
    # At each prompt, since a program or a shell elsewhere may have told another one meanwhile.
    builtin printf '\e]7;file://%s%s\e\\' "$HOST" "$__aether_encoded"
    [[ ${PS1-} == *'133;A'* ]] || PS1=$'%{\e]133;A\a%}'${PS1-}$'%{\e]133;B\a%}'
    # What runs after this may make the prompt anew: from the next prompt on this runs last.
    precmd_functions=(${precmd_functions:#__aether_precmd} __aether_precmd)
  }
  __aether_preexec() {
    typeset -g __aether_ran=1
    builtin printf '\e]133;C\a'
  }
  __aether_install() {
    typeset -ga precmd_functions preexec_functions
    if (( ! ${precmd_functions[(I)__aether_precmd]} )); then
      precmd_functions+=(__aether_precmd)
      if (( $# )); then __aether_precmd; fi
    fi
    if (( ! ${preexec_functions[(I)__aether_preexec]} )); then
      preexec_functions+=(__aether_preexec)
    fi
  }
  __aether_install
  # Again before the first prompt: the person's files may have replaced the lists.
  if zmodload zsh/sched 2>/dev/null; then
    sched +0 __aether_install again
  fi
fi
