package guihu

import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Paths}
import java.security.MessageDigest
import javax.security.sasl.AuthenticationException
import org.apache.hive.service.auth.PasswdAuthenticationProvider

/** Lets a Thrift client in only with the password that stands in the file named by -Dguihu.thrift.password.file. */
class ThriftPassword extends PasswdAuthenticationProvider {
  private val expected = Files.readString(Paths.get(System.getProperty("guihu.thrift.password.file"))).trim.getBytes(UTF_8)

  override def Authenticate(user: String, password: String): Unit = {
    val given = Option(password).getOrElse("").getBytes(UTF_8)
    if (expected.isEmpty || !MessageDigest.isEqual(expected, given))
      throw new AuthenticationException("wrong Thrift password: use the one in secrets/thrift_password")
  }
}
