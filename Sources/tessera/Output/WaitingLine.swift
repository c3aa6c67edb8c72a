/// Says what a command waits for: on a terminal in one line that counts the seconds, elsewhere once.
final class WaitingLine {
    private var isShown = false

    func show(_ what: String, _ waited: Duration) {
        if Console.isInteractive {
            Console.progress("waiting: \(what), \(waited.components.seconds) s")
        } else if !isShown {
            Console.note("waiting: \(what)")
        }
        isShown = true
    }

    /// Clears the terminal's line.
    func end() { if isShown { Console.progress("") } }
}
