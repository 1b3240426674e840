import Shared

extension AmazonProvider: DoctorChecks {
    func checks(in place: CloudPlace, credentialsPath: String?) -> [DoctorCheck] {
        [
            DoctorCheck(
                title: "credentials",
                arguments: ["sts", "get-caller-identity", "--output", "json"]
                    + ["--region", place.region],
                hint: "give --credentials_path FILE, or log in: aws configure"),
            DoctorCheck(
                title: "GPU quota in \(place.region)",
                arguments: AmazonQuota.query(region: place.region),
                hint: "ask for more in the console: Service Quotas, EC2",
                interpret: AmazonQuota.result),
        ]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> CheckResult {
        await AmazonPermissions(tool: tool, region: place.region).check()
    }
}
