import Launcher
import Shared

@main
enum TrainLauncher {
    static func main() async {
        exitProcess(await Launcher.main(Array(CommandLine.arguments.dropFirst())))
    }
}
