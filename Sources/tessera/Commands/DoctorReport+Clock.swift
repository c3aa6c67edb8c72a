import Records

extension DoctorReport {
    /// A private PostgreSQL has this machine's clock, so that comparing the two says nothing there. What is stored tells when that clock went wrong: a
    /// moment that is yet to come was written by a clock that was ahead, or is read by one that is behind.
    ///
    /// - Parameter off: seconds between the database's clock and this machine's.
    mutating func checkClock(off: Double, _ deployment: Deployment?, _ database: Database) async {
        await check(
            "clock",
            mend: "set the clocks of both machines (timedatectl set-ntp true); what has a moment to come sorts as the newest until then"
        ) {
            guard off < 5 else { throw Failure(.wrongInput, "the database's clock is \(Int(off)) s off this machine's") }
            let future = try await FutureMoment.furthest(deployment?.catalog, on: database.client)
            guard let future else {
                return (
                    Database.namedURL == nil
                        ? "nothing stored is of the future" : "agrees with the database's; nothing stored is of the future", ()
                )
            }
            throw Failure(.wrongInput, "\(future): the clock is behind, or was ahead when that was written")
        }
    }
}
