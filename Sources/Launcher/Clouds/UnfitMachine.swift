import Shared

/// Machine types that their name alone shows to be no good: known before anything is made.
enum UnfitMachine {
    /// The agent is built for one kind of processor, and the images too.
    static func hasOtherProcessor(_ type: String, instead example: String) -> Failure {
        Failure.usage(
            "--machine_type \(type) has an ARM processor, and the agent is built for x86_64",
            hint: "take a machine type with a processor of Intel's or AMD's, such as \(example)")
    }

    /// - Parameter reason: what the default image lacks for the machine's GPU.
    static func hasNoDriver(_ type: String, _ reason: String, instead example: String) -> Failure {
        Failure.usage(
            "--machine_type \(type): \(reason)",
            hint: "name an image with a driver for it (--image), or take \(example)")
    }
}

extension GoogleProvider {
    /// - Throws: `Failure` with exit code 2 for a machine type that cannot train here.
    func checkFit(of machine: MachineRequest) throws {
        let type = machineType(for: machine)
        // cloud.google.com/compute/docs/instances/arm-on-compute
        if type.firstMatch(of: /^(t2a|c4a|n4a|a4x)-/) != nil {
            throw UnfitMachine.hasOtherProcessor(type, instead: "g2-standard-8")
        }
        // cloud.google.com/compute/docs/accelerator-optimized-machines, note at "A3 High".
        if machine.spot == .never, type.firstMatch(of: /^a3-highgpu-[124]g$/) != nil {
            throw Failure.usage(
                "--machine_type \(type) is rented as a spot machine only",
                hint: "give --spot too, or take a3-highgpu-8g")
        }
    }
}

extension AmazonProvider {
    /// - Throws: `Failure` with exit code 2 for a machine type that cannot train here.
    func checkFit(of machine: MachineRequest) throws {
        let type = machineType(for: machine)
        guard let parts = type.firstMatch(of: /^([a-z]+)[0-9]+([a-z]*)(-[a-z0-9]+)?\./) else {
            return
        }
        // Behind the generation's number `g` is Graviton, and GB200 and its like have Grace
        // (docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html).
        let suffix = parts.3 ?? ""
        if parts.2.contains("g") || suffix.hasPrefix("-gb") || type.hasPrefix("a1.") {
            throw UnfitMachine.hasOtherProcessor(type, instead: "g5.xlarge")
        }
        // NVIDIA's open modules know Turing and what came after
        // (github.com/NVIDIA/open-gpu-kernel-modules, README).
        let old = ["p2.", "p3.", "p3dn.", "g3.", "g3s.", "g2."]
        if machine.image == nil, old.contains(where: type.hasPrefix) {
            throw UnfitMachine.hasNoDriver(
                type, "the default image's driver does not know GPUs older than Turing",
                instead: "g4dn.xlarge")
        }
    }
}

extension AzureProvider {
    /// - Throws: `Failure` with exit code 2 for a machine type that cannot train here.
    func checkFit(of machine: MachineRequest) throws {
        let type = machineType(for: machine)
        // `p` among the letters behind the number is an ARM processor
        // (learn.microsoft.com/azure/virtual-machines/vm-naming-conventions).
        let hasP = type.firstMatch(of: /^Standard_[A-Z]+[0-9]+(-[0-9]+)?[a-z]*p[a-z]*(_|$)/) != nil
        if hasP || type.contains("_GB200") || type.contains("_GB300") {
            throw UnfitMachine.hasOtherProcessor(type, instead: "Standard_NC4as_T4_v3")
        }
        guard machine.image == nil else { return }
        // github.com/Azure/azhpc-images, issue 398: A10 takes a driver of its own, GRID.
        if type.firstMatch(of: /^Standard_NV[0-9]/) != nil {
            throw UnfitMachine.hasNoDriver(
                type, "the default image has no driver for the GPUs of the NV sizes",
                instead: "Standard_NC4as_T4_v3")
        }
        // NVIDIA's open modules know Turing and what came after
        // (github.com/NVIDIA/open-gpu-kernel-modules, README).
        if type.firstMatch(of: /^Standard_(NC[0-9]+r?(s_v[23])?|ND[0-9]+r?s(_v2)?)$/) != nil {
            throw UnfitMachine.hasNoDriver(
                type, "the default image's driver does not know GPUs older than Turing",
                instead: "Standard_NC4as_T4_v3")
        }
    }
}
