import Agent
import Shared

@main
enum TrainAgent {
    /// Not `async`: Dispatch would then end this thread by unwinding its stack (`dispatch_main`), for
    /// which the executable would have to carry its unwind tables, a tenth of its size.
    static func main() {
        // Not on this thread, which only waits.
        Task.detached { exitProcess(await Agent.main(Array(CommandLine.arguments.dropFirst()))) }
        while true { pause() }
    }
}
