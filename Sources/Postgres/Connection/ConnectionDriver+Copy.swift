import CLibPQ
import Glibc

/// COPY in both directions. Data moves only when the caller asks, so a slow caller holds up the server and nothing piles up here.
extension ConnectionDriver {
    func perform(_ command: CopyChannel.Command, for operation: Operation) {
        guard let channel = operation.copy else { return }
        switch command {
        case .open(let waiter), .write(_, let waiter), .end(let waiter), .next(let waiter), .abandon(let waiter):
            if channel.outcome != nil {
                channel.answer(waiter)
                return
            }
            channel.waiter = waiter
        }
        switch command {
        case .open: if channel.isOpen { channel.resume() }
        case .write(let bytes, _): write(bytes, channel)
        case .end: endCopyIn(problem: nil)
        case .next:
            setReading(true)
            fetchResults()
        case .abandon: abandonCopy()
        }
    }

    func copyOpened(_ operation: Operation) {
        guard let channel = operation.copy else {
            abandonCopy()
            return
        }
        channel.isOpen = true
        channel.received.reserveCapacity(operation.purpose == .copyOut ? CopyChannel.chunkSize : 0)
        if isReleasing { abandonCopy() } else { channel.resume() }
    }

    // MARK: In

    private func write(_ bytes: [UInt8], _ channel: CopyChannel) {
        // After the server's refusal the verdict is on its way, and answers the waiter.
        guard machine.isCopyOpen else { return }
        let status = bytes.withUnsafeBytes { buffer in
            // SAFETY: libpq copies the bytes before it returns.
            PQputCopyData(pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(truncatingIfNeeded: buffer.count))
        }
        guard status == 1 else {
            fail()
            return
        }
        flushCopy(channel)
    }

    private func flushCopy(_ channel: CopyChannel) {
        let state = PQflush(pointer)
        guard state >= 0 else {
            fail()
            return
        }
        setWriting(state == 1)
        if state == 0 { channel.resume() }
    }

    /// libpq's buffer went out: the caller may bring more.
    func copyOutputDrained() {
        guard machine.isCopyOpen, machine.headMode == .copyIn, let channel = machine.head?.copy else { return }
        channel.resume()
    }

    /// Ends the data, with a problem so that the server throws away what it got.
    func endCopyIn(problem: String?) {
        guard machine.isCopyOpen, machine.headMode == .copyIn else { return }
        guard PQputCopyEnd(pointer, problem) == 1 else {
            fail()
            return
        }
        machine.copyDataEnded()
        flush()
    }

    /// While data goes in, the server speaks only to complain. libpq would notice at the end alone, so look at the first byte.
    func copyInBecameReadable() {
        if PQsslInUse(pointer) == 0 {
            var first: UInt8 = 0
            let count = recv(socket, &first, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            if count == 1, first == UInt8(ascii: "E") {
                endCopyIn(problem: "stopped after the server's error")
                return
            }
        }
        if PQconsumeInput(pointer) == 0 || PQstatus(pointer) == CONNECTION_BAD { fail() }
    }

    // MARK: Out

    /// Takes rows from libpq while the caller waits for some. False when nothing more can be done now.
    func pumpCopy() -> Bool {
        guard machine.headMode == .copyOut, let channel = machine.head?.copy else { return false }
        while channel.waiter != nil || channel.isAbandoned {
            var row: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(pointer, &row, 1)
            if length == 0 { return false }
            guard length > 0, let row else {
                // The end, or an error: either way the results that follow tell.
                machine.copyDataEnded()
                return true
            }
            // SAFETY: libpq gives `length` bytes, which are copied before they are freed.
            if !channel.isAbandoned { channel.received.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(length))) }
            PQfreemem(row)
            if channel.received.count >= CopyChannel.chunkSize { channel.resume(channel.takeReceived()) }
        }
        setReading(false)
        return false
    }

    /// The caller has lost interest.
    func abandonCopy() {
        guard let operation = machine.head, let channel = operation.copy, machine.isCopyOpen else { return }
        channel.isAbandoned = true
        channel.received = []
        if operation.purpose == .copyIn {
            endCopyIn(problem: "abandoned by the client")
        } else {
            cancel(operation)
            setReading(true)
            fetchResults()
        }
    }
}
