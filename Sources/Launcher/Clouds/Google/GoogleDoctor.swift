import Shared

extension GoogleProvider: DoctorChecks {
    func checks(in place: CloudPlace, credentialsPath: String?) -> [DoctorCheck] {
        let project = place.project.map { ["--project=\($0)"] } ?? []
        let services = ["compute", "iam", "storage"].map { "\($0).googleapis.com" }
        return loginChecks(credentialsPath: credentialsPath) + [
            DoctorCheck(
                title: "APIs",
                arguments: ["services", "list", "--enabled", "--format=value(config.name)"]
                    + project,
                hint:
                    "enable what is missing: gcloud services enable \(services.joined(separator: " "))",
                interpret: { text in
                    let enabled = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
                    let missing = services.filter { !enabled.contains($0) }
                    return missing.isEmpty
                        ? .good("enabled")
                        : .problem("not enabled: \(missing.joined(separator: ", "))", hint: nil)
                }),
            DoctorCheck(
                title: "GPU quota",
                arguments: ["compute", "project-info", "describe", "--format=json(quotas)"]
                    + project,
                hint: "ask for GPUS_ALL_REGIONS in the console: IAM & Admin, Quotas",
                interpret: GoogleQuota.everywhere),
            DoctorCheck(
                title: "GPU quota in \(place.region)",
                arguments: ["compute", "regions", "describe", place.region]
                    + ["--format=json(quotas)"] + project,
                hint: "ask for the GPU's own quota in the console: IAM & Admin, Quotas; "
                    + "PREEMPTIBLE_… is that of --spot",
                interpret: GoogleQuota.inRegion),
        ]
    }

    /// gcloud's login lists resources, Terraform's creates the machine; a key file does both.
    private func loginChecks(credentialsPath: String?) -> [DoctorCheck] {
        let own = DoctorCheck(
            title: "credentials", arguments: ["auth", "print-access-token"],
            hint: "give --credentials_path FILE, or log in: gcloud auth login")
        guard credentialsPath == nil, (try? login.source()) != .token else { return [own] }
        var terraforms = DoctorCheck(
            title: "Terraform's login",
            arguments: ["auth", "application-default", "print-access-token"],
            hint: GoogleLogin.hint)
        if case .variable(let name)? = try? login.source() {
            terraforms.arguments = ["version"]
            terraforms.interpret = { _ in .good("by \(name)") }
        }
        return [own, terraforms]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> CheckResult {
        guard let project = place.project else {
            return GooglePermissions.unknown("no project is given")
        }
        do {
            let token: String
            if tool.credentialsPath != nil {
                token = try await tool.ask(["auth", "print-access-token"])
            } else {
                switch try login.source() {
                case .variable(let name):
                    return GooglePermissions.unknown("Terraform's login is in \(name)")
                case .token: token = login.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] ?? ""
                case .defaults:
                    token = try await tool.ask([
                        "auth", "application-default", "print-access-token",
                    ])
                }
            }
            return await GooglePermissions(runner: tool.runner).check(
                project: project, token: String(token.filter { !$0.isWhitespace }))
        } catch {
            return GooglePermissions.unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }
}
