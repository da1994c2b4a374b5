import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Counts its visits in memory alone: after a wake the next number comes only if memory came back too. With
 * {@code ?mib=N} it also takes N MiB more for good, filled with what neither compresses nor is shared.
 */
public class Counter extends HttpServlet {
    private static long visits;
    private static final List<byte[]> HELD = new ArrayList<>();

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String mib = request.getParameter("mib");
        String answer;
        synchronized (HELD) {
            for (int i = 0; mib != null && i < Integer.parseInt(mib); i++) {
                byte[] block = new byte[1 << 20];
                new Random().nextBytes(block);
                HELD.add(block);
            }
            visits++;
            answer = visits + "\n";
        }
        // With a length, so that the connection stays open.
        response.setContentType("text/plain");
        response.setContentLength(answer.length());
        response.getWriter().print(answer);
    }
}
