# Completion of ordersync for fish. Write it into fish's folder:
#   ordersync completion fish > ~/.config/fish/completions/ordersync.fish

function __ordersync_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete -- $words "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
        else
            echo $line
        end
    end
end

complete -c ordersync -f -a '(__ordersync_complete)'
