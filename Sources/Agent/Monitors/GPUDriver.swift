import Shared

/// What this machine's files say of NVIDIA's driver, where the driver itself does not answer.
struct GPUDriver: Sendable {
    /// Why waiting brings nothing.
    enum Obstacle: Sendable, Equatable {
        case notInstalled
        case secureBoot
        /// The kernel's own words on a driver that does not know this GPU.
        case wrongBranch(String)

        var summary: String {
            switch self {
            case .notInstalled: "no driver for the GPU is in this image, and nothing installs one"
            case .secureBoot: "secure boot is on, and keeps the GPU's driver from being loaded"
            case .wrongBranch(let words): "the image's driver does not fit this GPU: \(words)"
            }
        }

        /// How long it must stand before it is believed: between two steps of an installation none runs.
        var patience: Duration { self == .notInstalled ? .seconds(120) : .seconds(30) }

        var hint: String {
            switch self {
            case .notInstalled: "choose an image that brings the driver: --image"
            case .secureBoot:
                "choose an image whose driver is signed: --image; or one without secure boot"
            case .wrongBranch: "choose another image (--image) or another machine (--machine_type)"
            }
        }
    }

    /// Above `sys`, `proc` and `lib`.
    var root = ""

    var hasHardware: Bool { NvidiaSMI.hasHardware(devices: root + "/sys/bus/pci/devices") }

    /// What is in the way now; nil where the driver may still come.
    func obstacle(
        _ runner: any CommandRunner, clock: any Clock<Duration>
    ) async -> Obstacle? {
        guard hasHardware, !isInstalling else { return nil }
        if exists(root + "/sys/module/nvidia") {
            return await kernelRefusal(runner, clock).map { .wrongBranch($0) }
        }
        // A driver that is there and not loaded after all was refused where that is on.
        guard isOnDisk else { return .notInstalled }
        return isSecureBoot
            ? .secureBoot : await kernelRefusal(runner, clock).map { .wrongBranch($0) }
    }

    /// The last byte of a variable of five: four are its attributes (UEFI specification 2.10, 3.3).
    private var isSecureBoot: Bool {
        let name = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        return (try? readFile(root + "/sys/firmware/efi/efivars/" + name))?.last == 1
    }

    private var isOnDisk: Bool {
        guard let release = text("/proc/sys/kernel/osrelease") else { return true }
        let modules = root + "/lib/modules/" + release
        // Where the directory cannot be read nothing is known, and so nothing is refused.
        guard let found = try? FileManager.default.subpathsOfDirectory(atPath: modules) else {
            return true
        }
        return found.contains { fileName(of: $0).hasPrefix("nvidia.ko") }
    }

    /// Whether a package, a driver or the image's own first-boot script is at work.
    private var isInstalling: Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/proc")) ?? []
        return names.contains { name in
            guard Int(name) != nil, let command = text("/proc/\(name)/comm") else { return false }
            return Self.installers.contains { command.hasPrefix($0) }
        }
    }

    /// The kernel cuts names to 15 characters.
    private static let installers = [
        "apt", "dpkg", "dkms", "nvidia-install", "cuda-installer", "install-driver", "install_gpu",
        "modprobe", "make", "dnf", "yum", "rpm",
    ]

    /// NVIDIA's module names a GPU that it does not know, once, when it is loaded
    /// (github.com/NVIDIA/open-gpu-kernel-modules, nvidia/nv-pci.c).
    private func kernelRefusal(
        _ runner: any CommandRunner, _ clock: any Clock<Duration>
    ) async -> String? {
        guard let log = try? await KernelLog.text(runner, clock: clock) else { return nil }
        let lines = log.split(whereSeparator: \.isNewline)
        let signs = ["is not supported", "requires use of the NVIDIA open kernel modules"]
        let words = lines.last { line in
            line.contains("NVRM") && signs.contains { line.contains($0) }
        }
        return words.map { harmless(String($0.drop { $0 != "N" })) }
    }

    private func text(_ path: String) -> String? { kernelText(root + path) }
}
