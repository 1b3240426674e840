import Shared

/// What the operating system says of itself.
enum MachineState {
    /// Whether systemd runs this machine, and can be asked (sd_booted(3)).
    static var isSystemdThere: Bool {
        isDirectory("/run/systemd/system") && isInstalled("systemctl")
    }

    /// Whether the whole machine is going down, and not this service alone.
    ///
    /// Then a SIGTERM means a preemption or a reboot, after which another attempt follows, and not
    /// `train stop`. systemd says "stopping" from the first moment of a shutdown (systemctl(1)).
    static func isShuttingDown(
        _ runner: any CommandRunner, clock: any Clock<Duration> = ContinuousClock()
    ) async -> Bool {
        let command = Command("systemctl", ["is-system-running"])
        guard let result = try? await runner.run(command, timeout: .seconds(5), clock: clock)
        else {
            return false
        }
        return result.output.hasPrefix("stopping")
    }

    /// Such as `Debian GNU/Linux 12 (bookworm)`, from os-release(5).
    static func operatingSystem() -> String? {
        guard let data = try? readFile("/etc/os-release") else { return nil }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            guard line.hasPrefix("PRETTY_NAME=") else { continue }
            return String(line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" })
        }
        return nil
    }

    /// Which boot of the kernel this is, and when it was: an agent that is started again on the same
    /// machine finds the same.
    static func boot(now: Date) -> (id: String, at: Date)? {
        guard let id = try? readFile("/proc/sys/kernel/random/boot_id"),
            let seconds = uptime()
        else { return nil }
        let text = String(decoding: id, as: UTF8.self).split(separator: "\n").first ?? ""
        return (String(text), now.addingTimeInterval(-seconds))
    }

    /// In seconds since the boot, on the clock of the kernel's log; nil where the system has none.
    static func uptime() -> Double? {
        kernelText("/proc/uptime")?.split(separator: " ").first.flatMap { Double($0) }
    }

    /// The public key of this machine's sshd, ed25519 first; nil where there is none.
    static func sshHostKey() -> String? {
        for kind in ["ed25519", "ecdsa", "rsa"] {
            guard let data = try? readFile("/etc/ssh/ssh_host_\(kind)_key.pub") else { continue }
            return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(
                String.init)
        }
        return nil
    }
}
