// SPDX-License-Identifier: Apache-2.0
/**
 * What bash does on Tab. Ours and not the library's, which evaluates the line that is being typed: a
 * `$(reboot)` in it would be run.
 */
export const BASH_SCRIPT = `# bash completion for aureole

_aureole() {
    local cur prev words cword line directive=0
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n =: cur prev words cword
    else
        words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur=\${COMP_WORDS[COMP_CWORD]}
    fi
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) directive=\${line#:} ;;
            *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
        esac
    done < <(aureole complete -- "\${words[@]:1:cword}" 2>/dev/null)
    # 4: no files here.
    [[ $directive != 4 ]] || compopt +o default 2>/dev/null
    ! declare -F __ltrim_colon_completions >/dev/null || __ltrim_colon_completions "$cur"
}

complete -o default -F _aureole aureole
`;
