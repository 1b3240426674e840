import Shared

/// Google Cloud's tool, gcloud.
extension GoogleProvider {
    var tool: String { "gcloud" }

    func stateQuery(of machine: Machine) -> [String] {
        ["compute", "instances", "describe"] + place(of: machine) + ["--format=value(status)"]
    }

    func stateWords(of machine: Machine) -> (running: [String], gone: [String]) {
        (
            running: ["PROVISIONING", "STAGING", "RUNNING", "STOPPING", "SUSPENDING", "REPAIRING"],
            gone: [
                "TERMINATED", "STOPPED", "SUSPENDED",
                "instances/\(machine.instanceName)' was not found",
            ]
        )
    }

    func stopArguments(of machine: Machine) -> [String] {
        ["compute", "instances", "stop"] + place(of: machine)
            + ["--discard-local-ssd=true", "--quiet"]
    }

    private func place(of machine: Machine) -> [String] {
        [machine.instanceName, "--zone=\(machine.zone)", "--project=\(machine.project)"]
    }
}
