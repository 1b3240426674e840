import Launcher
import Shared

@main
enum TrainLauncher {
    /// Not `async`: Dispatch would then end this thread by unwinding its stack (`dispatch_main`), and
    /// a static executable carries no unwind tables.
    static func main() {
        // Not on this thread, which only waits.
        Task.detached { exitProcess(await Launcher.main(Array(CommandLine.arguments.dropFirst()))) }
        while true { pause() }
    }
}
