import Agent
import Shared

@main
enum TrainAgent {
    static func main() async {
        exitProcess(await Agent.main(Array(CommandLine.arguments.dropFirst())))
    }
}
