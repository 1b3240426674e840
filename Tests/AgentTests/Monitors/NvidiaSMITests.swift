import Shared
import Testing

@testable import Agent

@Suite struct NvidiaSMITests {
    @Test(
        arguments: [
            (
                "NVIDIA L4, 550.54.15, 23034\n",
                [GPU(name: "NVIDIA L4", driver: "550.54.15", memory: 23034)]
            ),
            (
                "NVIDIA H200, 570.1, 143771\nNVIDIA H200, 570.1, 143771\n",
                [
                    GPU(name: "NVIDIA H200", driver: "570.1", memory: 143771),
                    GPU(name: "NVIDIA H200", driver: "570.1", memory: 143771),
                ]
            ),
            ("", []),
            ("No devices were found\n", []),
            ("[Unknown Error], 550.54.15, [N/A]\n", []),
            ("NVIDIA A100, 550.54.15, [Insufficient Permissions]\n", []),
        ] as [(String, [GPU])])
    func `its list is read`(output: String, gpus: [GPU]) {
        #expect(NvidiaSMI.gpus(from: output) == gpus)
    }

    @Test(arguments: [
        ("0x10de", "0x030200", true), ("0x10de", "0x030000", true),
        ("0x10de", "0x040300", false), ("0x1002", "0x030000", false),
    ])
    func `hardware is found on the bus`(vendor: String, kind: String, found: Bool) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let device = directory.path + "/0000:00:04.0"
        try makeDirectories(device)
        try AtomicFile.write(Data("\(vendor)\n".utf8), to: device + "/vendor")
        try AtomicFile.write(Data("\(kind)\n".utf8), to: device + "/class")
        #expect(NvidiaSMI.hasHardware(devices: directory.path) == found)
    }
}
